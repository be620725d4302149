"""The desk's page for roles."""

from __future__ import annotations

from django.urls import path

from people import role_views as views

app_name = "roles"
urlpatterns = [
    path("", views.roles, name="roles"),
    path("ask/", views.ask, name="ask"),
    path("<int:grant_id>/approve/", views.approve, name="approve"),
    path("<int:grant_id>/refuse/", views.refuse, name="refuse"),
    path("<int:grant_id>/remove/", views.remove, name="remove"),
]
