"""What pages, the API and other doors may read about the shop."""

from shop.queries.cart import CartRow, CartView, cart_view
from shop.queries.orders import OrderView, order_by_token, orders_needing_staff
from shop.queries.shelf import Offer, Piece, ProductOffer, catalogue, find_piece, product

__all__ = [
    "CartRow",
    "CartView",
    "Offer",
    "OrderView",
    "Piece",
    "ProductOffer",
    "cart_view",
    "catalogue",
    "find_piece",
    "order_by_token",
    "orders_needing_staff",
    "product",
]
