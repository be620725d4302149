"""Public partner pages and the finance desk, in one namespace."""

from __future__ import annotations

from django.urls import include, path

from partners.views import public

app_name = "partners"
urlpatterns = [
    path("partners/", public.partners, name="partners"),
    path("partners/<slug:slug>/", public.partner, name="partner"),
    path("desk/", include("partners.desk_urls")),
]
