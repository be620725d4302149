"""A piece lies in the visitor's cart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Sum

from shop.models import Cart, CartLine
from shop.quantities import check_quantity
from shop.queries.shelf import find_piece


class UnknownPiece(LookupError):
    """No such SKU is on the shelf."""


@dataclass(frozen=True, slots=True)
class InCart:
    """The cart after the change: its id, pieces of this SKU, and pieces in all."""

    cart_id: int
    quantity: int
    pieces: int


@transaction.atomic
def add_to_cart(*, cart_id: int | None, sku: str, quantity: int, now: datetime) -> InCart:
    """Add `quantity` (1 or more) of `sku` to the cart, or to a new one when `cart_id` is None or gone.

    What lies in the cart already counts against stock and limit; nothing is held yet. Raises UnknownPiece, BelowOne,
    BeyondLimit, BeyondStock. At most four queries, which leaves two for the visitor's session.
    """
    piece = find_piece(sku=sku, now=now, cart_id=cart_id)
    if piece is None:
        raise UnknownPiece(sku)
    check_quantity(piece, quantity)
    if cart_id is None or not piece.cart_exists:
        cart_id = Cart.objects.create(created_at=now).pk
    total = _add_line(cart_id, piece.variant_id, quantity)
    if total > quantity:
        check_quantity(piece, total, already=total - quantity)
    return InCart(cart_id, total, pieces_in(cart_id))


def pieces_in(cart_id: int) -> int:
    """How many pieces lie in the cart."""
    total: int | None = CartLine.objects.filter(cart_id=cart_id).aggregate(total=Sum("quantity"))["total"]
    return total or 0


def _add_line(cart_id: int, variant_id: int, quantity: int) -> int:
    """Add in the database, so that two tabs never lose a piece; returns the line's new quantity."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO shop_cartline AS l (cart_id, variant_id, quantity) VALUES (%s, %s, %s)"
            " ON CONFLICT (cart_id, variant_id) DO UPDATE SET quantity = l.quantity + excluded.quantity"
            " RETURNING quantity",
            [cart_id, variant_id, quantity],
        )
        row: tuple[int] = cursor.fetchone()
        return row[0]
