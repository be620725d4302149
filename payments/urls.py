"""Doors of payments: only Stripe's."""

from __future__ import annotations

from django.urls import URLPattern, path

from payments import views

app_name = "payments"
urlpatterns: list[URLPattern] = [path("webhook", views.webhook, name="webhook")]
