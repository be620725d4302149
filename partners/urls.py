"""Public partner pages and the finance desk, in one namespace."""

from __future__ import annotations

from django.urls import include, path

from partners.views import onboarding, public, why

app_name = "partners"
urlpatterns = [
    path("partners/", public.partners, name="partners"),
    path("partners/<slug:slug>/", public.partner, name="partner"),
    path("onboarding/<str:token>/", onboarding.begin, name="onboarding"),
    path("onboarding/<str:token>/back/", onboarding.back, name="onboarding_back"),
    path("partner/", why.own, name="own"),
    path("partner/<slug:slug>/", why.own_account, name="own_account"),
    path("partner/<slug:slug>/shares/<int:allocation_id>/", why.own_share, name="own_share"),
    path("partner/<slug:slug>/<str:month>.csv", why.own_month_csv, name="own_month_csv"),
    path("partner/<slug:slug>/<str:month>/", why.own_month, name="own_month"),
    path("partner/<slug:slug>/<str:month>/<int:agreement_id>/", why.own_agreement, name="own_agreement"),
    path("desk/", include("partners.desk_urls")),
]
