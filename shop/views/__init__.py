"""The shop's pages: the shelf, the cart, and orders by their unguessable link."""

from shop.views.cart import cart_add, cart_page, cart_remove, cart_update, checkout
from shop.views.desk import desk_order, desk_refund, desk_refund_checked
from shop.views.orders import order_cancelled, order_page, order_return
from shop.views.past import desk_sales, my_purchases
from shop.views.shelf import picture, product_list, product_page

__all__ = [
    "cart_add",
    "cart_page",
    "cart_remove",
    "cart_update",
    "checkout",
    "desk_order",
    "desk_refund",
    "desk_refund_checked",
    "desk_sales",
    "my_purchases",
    "order_cancelled",
    "order_page",
    "order_return",
    "picture",
    "product_list",
    "product_page",
]
