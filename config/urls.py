"""Every door of Tassel."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from config import views

urlpatterns = [
    path("", views.home, name="home"),
    path("health/live", views.live, name="live"),
    path("health/ready", views.ready, name="ready"),
    path("account/", include("allauth.urls")),
    path("console/", admin.site.urls),
]
