"""Public partner pages and the finance desk, in one namespace."""

from __future__ import annotations

from django.urls import include, path

from partners import desk_urls
from partners.views import public

app_name = "partners"
urlpatterns = [
    path("partners/", public.partners, name="partners"),
    path("partners/<slug:slug>/", public.partner, name="partner"),
    path("desk/", include(desk_urls.pages)),
]
