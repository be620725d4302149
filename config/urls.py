"""Every door of Tassel."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView

from config import views
from config.api_docs import api_docs
from people.history_views import changes

api: list[URLPattern | URLResolver] = [
    path("", include("shop.api_urls")),
    path("", include("partners.api_urls")),
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path("docs", api_docs, name="api_docs"),
]

handler404 = "config.api.not_found"
handler500 = "config.api.fault"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("", include("shop.urls")),
    path("", include("donations.urls")),
    path("", include("partners.urls")),
    path("", include("reports.urls")),
    path("desk/", include("ledger.desk_urls")),
    path("desk/stripe/", include("payments.desk_urls")),
    path("desk/history/", changes, name="history"),
    path("desk/roles/", include("people.role_urls")),
    path("desk/months/", include("ledger.month_urls")),
    path("stripe/", include("payments.urls")),
    path("api/v1/", include(api)),
    path("health/live", views.live, name="live"),
    path("health/ready", views.ready, name="ready"),
    path("account/", include("config.account_urls")),
    path("console/", admin.site.urls),
]
