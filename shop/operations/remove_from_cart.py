"""A line of the cart is gone."""

from __future__ import annotations

from django.db import transaction

from shop.models import CartLine
from shop.operations.add_to_cart import InCart, pieces_in


@transaction.atomic
def remove_from_cart(*, cart_id: int, sku: str) -> InCart:
    """Take the line of `sku` out of the cart, whether or not it can still be bought; gone already is fine."""
    CartLine.objects.filter(cart_id=cart_id, variant__sku=sku).delete()
    return InCart(cart_id, 0, pieces_in(cart_id))
