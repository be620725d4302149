"""A line of the cart holds another quantity, if it can be had."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from shop.models import CartLine
from shop.operations.add_to_cart import InCart, UnknownPiece, pieces_in
from shop.quantities import check_quantity
from shop.queries.shelf import find_piece


@transaction.atomic
def set_quantity(*, cart_id: int, sku: str, quantity: int, now: datetime) -> InCart:
    """Set the line of `sku` to `quantity` pieces (1 or more; removing is `remove_from_cart`).

    Raises UnknownPiece when the cart has no such line or the piece has left the shelf, BelowOne, BeyondLimit,
    BeyondStock; then nothing has changed.
    """
    piece = find_piece(sku=sku, now=now, cart_id=cart_id)
    if piece is None:
        raise UnknownPiece(sku)
    check_quantity(piece, quantity)
    changed = CartLine.objects.filter(cart_id=cart_id, variant_id=piece.variant_id).update(quantity=quantity)
    if not changed:
        raise UnknownPiece(sku)
    return InCart(cart_id, quantity, pieces_in(cart_id))
