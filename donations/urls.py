"""Pages of donations."""

from __future__ import annotations

from django.urls import path

from donations import views

app_name = "donations"
urlpatterns = [
    path("give/", views.give, name="give"),
    path("give/thanks/<str:token>/", views.thanks, name="thanks"),
    path("give/cancelled/<str:token>/", views.cancelled, name="cancelled"),
    path("my/", views.my, name="my"),
    path("my/plans/<int:plan_id>/stop/", views.stop, name="stop"),
]
