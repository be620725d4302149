"""Pages of the shop."""

from __future__ import annotations

from django.urls import path

from shop import views

app_name = "shop"
urlpatterns = [
    path("shop/", views.product_list, name="products"),
    path("shop/pictures/<int:pk>", views.picture, name="picture"),
    path("shop/<slug:slug>/", views.product_page, name="product"),
    path("cart/", views.cart_page, name="cart"),
    path("cart/add/", views.cart_add, name="cart_add"),
    path("cart/update/", views.cart_update, name="cart_update"),
    path("cart/remove/", views.cart_remove, name="cart_remove"),
    path("checkout/", views.checkout, name="checkout"),
    path("my/purchases/", views.my_purchases, name="my_purchases"),
    path("desk/sales/", views.desk_sales, name="desk_sales"),
    path("desk/orders/<int:order_id>/", views.desk_order, name="desk_order"),
    path("desk/orders/<int:order_id>/refund/", views.desk_refund, name="desk_refund"),
    path("desk/orders/<int:order_id>/checked/", views.desk_refund_checked, name="desk_refund_checked"),
    path("orders/<str:token>/", views.order_page, name="order"),
    path("orders/<str:token>/return/", views.order_return, name="return"),
    path("orders/<str:token>/cancelled/", views.order_cancelled, name="cancelled"),
]
