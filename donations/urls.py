"""Pages of donations."""

from __future__ import annotations

from django.urls import path

from donations import desk_views, views

app_name = "donations"
urlpatterns = [
    path("give/", views.give, name="give"),
    path("give/thanks/<str:token>/", views.thanks, name="thanks"),
    path("give/cancelled/<str:token>/", views.cancelled, name="cancelled"),
    path("my/", views.my, name="my"),
    path("my/plans/<int:plan_id>/stop/", views.stop, name="stop"),
    path("desk/gifts/<int:gift_id>/", desk_views.desk_gift, name="desk_gift"),
    path("desk/gifts/<int:gift_id>/refund/", desk_views.desk_gift_refund, name="desk_gift_refund"),
    path("desk/gifts/<int:gift_id>/checked/", desk_views.desk_gift_checked, name="desk_gift_checked"),
]
