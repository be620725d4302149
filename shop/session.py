"""What the browser's session remembers of the shop: the cart's id, its pieces for the header, and the last order.

The number of pieces is kept here so that every page can say it without a query; pages that read the cart correct it.
"""

from __future__ import annotations

from django.http import HttpRequest

from shop.operations.add_to_cart import InCart

CART, PIECES, LAST_ORDER = "cart", "cart_pieces", "last_order"


def cart_id(request: HttpRequest) -> int | None:
    found: int | None = request.session.get(CART)
    return found


def remember_cart(request: HttpRequest, cart: InCart) -> None:
    request.session[CART] = cart.cart_id
    remember_pieces(request, cart.pieces)


def remember_pieces(request: HttpRequest, pieces: int) -> None:
    """Correct the header's number; an unchanged one costs nothing."""
    if request.session.get(PIECES, 0) != pieces:
        request.session[PIECES] = pieces


def remember_order(request: HttpRequest, token: str) -> None:
    request.session[LAST_ORDER] = token


def last_order(request: HttpRequest) -> str:
    """The token of the order that this browser placed last, or nothing."""
    return str(request.session.get(LAST_ORDER, ""))
