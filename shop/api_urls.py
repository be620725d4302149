"""The shop's doors below /api/v1/."""

from __future__ import annotations

from django.urls import path

from shop import api

urlpatterns = [
    path("products", api.Products.as_view(), name="api_products"),
    path("products/<slug:slug>", api.ProductDetail.as_view(), name="api_product"),
    path("orders/<str:token>", api.OrderDetail.as_view(), name="api_order"),
]
