"""An order stands, its pieces are held and its promises frozen; nothing is paid yet."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from partners.operations.reserve_room import reserve_room
from partners.queries import Promise, promises_for_many
from shop.giving import share_line
from shop.links import make_link
from shop.models import Cart, CartLine, Order, OrderEvent, OrderLine, OrderLineAgreement, StockHold
from shop.quantities import BeyondStock, check_quantity
from shop.queries.shelf import Piece, find_pieces, promise_words
from shop.stock import OutOfStock, Shortage, lock_variants, reserve

# The processor wants a session to last 30 minutes or more by its own clock when the call arrives; one more for the way.
SESSION_LASTS = timedelta(minutes=31)
HOLD_OUTLASTS_SESSION_BY = timedelta(minutes=5)


class EmptyCart(Exception):
    """There is nothing to pay."""


class EarlierCheckoutOpen(Exception):
    """This cart has a pending order already; it must be closed first, so that a buyer's own hold never blocks them."""

    def __init__(self, order_id: int) -> None:
        self.order_id = order_id
        super().__init__(str(order_id))


class LeftTheShop(Exception):
    """A piece in the cart is no longer sold."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A pending order: its row with lines, the only readable copy of its link's token, and when its session ends."""

    order: Order
    lines: tuple[OrderLine, ...]
    token: str
    session_ends_at: datetime


@transaction.atomic
def place_order(*, cart_id: int, currency: str, now: datetime) -> Placed:
    """Turn the cart into a pending order at `now`, all or nothing (DESIGN.md section 5, rules/shop.md 3.2).

    Prices and promises are those in force at `now`; amounts in minor units of `currency`. Raises EmptyCart,
    LeftTheShop, OutOfStock, BadQuantity (over a piece's limit), EarlierCheckoutOpen.
    """
    # 1. One checkout of a cart at a time, and only one that is open.
    quantities = _lock_cart(cart_id)
    _refuse_a_second_checkout(cart_id)
    # 2. Set the pieces aside: rows locked in id order, one conditional statement for all.
    lock_variants(quantities)
    pieces = _pieces_in_order(quantities, now)
    reserve(quantities)
    # 3. Freeze lines and promises as they are shown at this moment.
    order = _write_order(cart_id, currency, pieces, quantities, now)
    lines = _write_lines(order, pieces, quantities)
    promises = _promises_with_room(order, lines, pieces)
    _freeze_promises(lines, pieces, promises, currency)
    # 4. The holds end a little after the payment page does.
    session_ends_at = now + SESSION_LASTS
    _write_holds(order, quantities, until=session_ends_at + HOLD_OUTLASTS_SESSION_BY)
    OrderEvent.objects.create(order=order, kind=OrderEvent.Kind.PLACED, actor="buyer", at=now)
    return Placed(order, tuple(lines), make_link(order, now=now), session_ends_at)


def _lock_cart(cart_id: int) -> dict[int, int]:
    """{variant id: pieces} of the locked cart."""
    Cart.objects.select_for_update().filter(pk=cart_id).first()
    quantities = dict(CartLine.objects.filter(cart_id=cart_id).order_by("pk").values_list("variant_id", "quantity"))
    if not quantities:
        raise EmptyCart
    return quantities


def _refuse_a_second_checkout(cart_id: int) -> None:
    earlier = Order.objects.filter(cart_id=cart_id, state=Order.State.PENDING).values_list("pk", flat=True).first()
    if earlier is not None:
        raise EarlierCheckoutOpen(earlier)


def _pieces_in_order(quantities: Mapping[int, int], now: datetime) -> list[Piece]:
    """The pieces as the cart lists them, each within its limits."""
    pieces = {piece.variant_id: piece for piece in find_pieces(quantities, now=now)}
    if len(pieces) < len(quantities):
        raise LeftTheShop
    shortages = []
    for pk, quantity in quantities.items():
        try:
            check_quantity(pieces[pk], quantity)
        except BeyondStock:
            shortages.append(Shortage(pk, pieces[pk].sku, quantity, pieces[pk].available))
    if shortages:
        raise OutOfStock(shortages)
    return [pieces[pk] for pk in quantities]


def _write_order(
    cart_id: int, currency: str, pieces: list[Piece], quantities: Mapping[int, int], now: datetime
) -> Order:
    subtotal = sum(piece.price_minor * quantities[piece.variant_id] for piece in pieces)
    return Order.objects.create(
        cart_id=cart_id,
        currency=currency,
        subtotal_minor=subtotal,
        total_minor=subtotal,
        attempt_key=f"order-{secrets.token_hex(16)}",
        placed_at=now,
    )


def _write_lines(order: Order, pieces: list[Piece], quantities: Mapping[int, int]) -> list[OrderLine]:
    return OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            position=position,
            variant_id=piece.variant_id,
            sku=piece.sku,
            name=piece.design.name,
            option=piece.option,
            units=quantities[piece.variant_id],
            unit_price_minor=piece.price_minor,
            net_minor=piece.price_minor * quantities[piece.variant_id],
            cost_minor=piece.cost_minor * quantities[piece.variant_id] or None,
        )
        for position, piece in enumerate(pieces, start=1)
    )


def _promises_with_room(order: Order, lines: list[OrderLine], pieces: list[Piece]) -> dict[str, list[Promise]]:
    """The promises that bind, with room kept under their caps; without those whose cap is reached just now."""
    keys = {piece.sku: piece.scope_keys for piece in pieces}
    full: set[int] = set()
    while True:
        promises = promises_for_many(keys, order.placed_at, without=full)
        if not any(promise.terms.limits.cap_minor for bound in promises.values() for promise in bound):
            return promises
        named = [[promise.agreement_id for promise in promises[piece.sku]] for piece in pieces]
        shared = [share_line(line, ids) for line, ids in zip(lines, named, strict=True)]
        reached = reserve_room(source=order.ref, lines=shared, bound_at=order.placed_at)
        if not reached:
            return promises
        full |= reached


def _freeze_promises(
    lines: list[OrderLine], pieces: list[Piece], promises: Mapping[str, list[Promise]], currency: str
) -> None:
    OrderLineAgreement.objects.bulk_create(
        OrderLineAgreement(line=line, agreement_id=promise.agreement_id, words=words)
        for line, piece in zip(lines, pieces, strict=True)
        for promise, words in zip(promises[piece.sku], promise_words(piece, promises[piece.sku], currency), strict=True)
    )


def _write_holds(order: Order, quantities: Mapping[int, int], *, until: datetime) -> None:
    StockHold.objects.bulk_create(
        StockHold(order=order, variant_id=pk, quantity=quantity, until=until) for pk, quantity in quantities.items()
    )
