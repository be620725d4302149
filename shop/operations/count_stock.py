"""The shelf was counted: what the shop believes is what lies there."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from shop.models import StockMovement, Variant


class LessThanReserved(Exception):
    """Fewer were counted than are set aside for people who are paying; close those checkouts first."""


@transaction.atomic
def count_stock(*, sku: str, counted: int, now: datetime, source: str = "") -> int:
    """Set the count of `sku` to `counted` pieces by a movement; returns the difference, 0 when nothing moved.

    Raises Variant.DoesNotExist, ValueError for a negative count, LessThanReserved.
    """
    if counted < 0:
        raise ValueError(f"counted {counted}: a count cannot be negative")
    variant = Variant.objects.select_for_update(no_key=True).get(sku=sku)
    if counted < variant.reserved:
        raise LessThanReserved(sku)
    difference = counted - variant.on_hand
    if difference:
        StockMovement.objects.create(
            variant=variant, quantity=difference, reason=StockMovement.Reason.COUNT, source=source, at=now
        )
        variant.on_hand = counted
        variant.save(update_fields=["on_hand"])
    return difference
