"""The statements that move stock: whole carts in one statement each, rows always locked in id order.

Reserving reads and writes in one conditional UPDATE, because read-then-write sells the last unit to every buyer who
asks at once (rules/shop.md 3.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from shop.models import Order, StockHold, StockMovement, Variant


@dataclass(frozen=True, slots=True)
class Shortage:
    """One SKU of which fewer are left than were asked for."""

    variant_id: int
    sku: str
    wanted: int
    available: int


class OutOfStock(Exception):
    """At least one SKU is short; nothing was reserved."""

    def __init__(self, shortages: Iterable[Shortage]) -> None:
        self.shortages = tuple(shortages)
        super().__init__(", ".join(f"{short.sku}: {short.available} of {short.wanted}" for short in self.shortages))


def lock_variants(variant_ids: Iterable[int]) -> dict[int, Variant]:
    """Lock the rows in id order, which is what keeps two carts from waiting for each other. {id: variant}."""
    rows = Variant.objects.select_for_update(no_key=True).filter(pk__in=list(variant_ids)).order_by("pk")
    return {variant.pk: variant for variant in rows}


def reserve(quantities: Mapping[int, int]) -> None:
    """Set {variant id: pieces} aside, all or nothing, for rows that the caller has locked. Raises OutOfStock."""
    reserved = _update("reserved = v.reserved + w.quantity", quantities, "v.on_hand - v.reserved >= w.quantity")
    if reserved == len(quantities):
        return
    variants = Variant.objects.in_bulk(quantities)
    raise OutOfStock(
        Shortage(pk, variants[pk].sku, wanted, variants[pk].on_hand - variants[pk].reserved)
        for pk, wanted in quantities.items()
        if variants[pk].on_hand - variants[pk].reserved < wanted
    )


def give_back(quantities: Mapping[int, int]) -> None:
    """End a reservation: the pieces stay on the shelf."""
    _update("reserved = v.reserved - w.quantity", quantities)


def take(quantities: Mapping[int, int]) -> None:
    """Turn a reservation into a sale: the pieces leave the shelf."""
    _update("reserved = v.reserved - w.quantity, on_hand = v.on_hand - w.quantity", quantities)


def held_by(order: Order) -> dict[int, int]:
    """{variant id: pieces} that are set aside for this order now."""
    holds = StockHold.objects.filter(order=order, state__in=StockHold.ON_SHELF)
    return {hold.variant_id: hold.quantity for hold in holds}


def record_sale(order: Order, quantities: Mapping[int, int], *, now: datetime) -> None:
    """The movements that explain why fewer are on the shelf."""
    StockMovement.objects.bulk_create(
        StockMovement(variant_id=pk, quantity=-quantity, reason=StockMovement.Reason.SALE, source=order.ref, at=now)
        for pk, quantity in quantities.items()
    )


def _update(change: str, quantities: Mapping[int, int], condition: str = "true") -> int:
    """One UPDATE for all variants of `quantities`; `change` and `condition` are this module's own words."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE shop_variant AS v SET {change}"  # noqa: S608
            " FROM unnest(%s::bigint[], %s::integer[]) AS w (id, quantity)"
            f" WHERE v.id = w.id AND {condition}",
            [list(quantities), list(quantities.values())],
        )
        return int(cursor.rowcount)
