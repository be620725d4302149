"""Every door of Tassel."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from config import views

api: list[URLPattern | URLResolver] = [
    path("", include("shop.api_urls")),
    path("", include("partners.api_urls")),
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path("docs", SpectacularSwaggerView.as_view(url_name="schema"), name="api_docs"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("", include("shop.urls")),
    path("", include("donations.urls")),
    path("", include("partners.urls")),
    path("", include("reports.urls")),
    path("stripe/", include("payments.urls")),
    path("api/v1/", include(api)),
    path("health/live", views.live, name="live"),
    path("health/ready", views.ready, name="ready"),
    path("account/login/", RedirectView.as_view(pattern_name="account_request_login_code", query_string=True)),
    path("account/", include("allauth.urls")),
    path("console/", admin.site.urls),
]
