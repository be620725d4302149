"""An order's money for staff: what was paid, what went back, what is left, and what a refund would do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from partners.queries.reversals import TakenFrom, would_take_back
from payments.queries import taken_by
from shop.models import Order, OrderEvent, OrderRefund
from shop.refunding import NotPaid, Spread, goods_gone, goods_of, money_left, remaining, spread_refund

State = OrderRefund.State


@dataclass(frozen=True, slots=True)
class OrderMoney:
    """Amounts in minor units; `charges` are the payments of which something is left, the order's own first."""

    refunds: tuple[OrderRefund, ...]
    left_minor: int
    charges: tuple[tuple[str, int], ...]
    is_disputed: bool
    waits_for_check: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What a refund would take from each part, and from each partner's shares."""

    amount_minor: int
    spread: Spread | None
    partners: tuple[TakenFrom, ...]


def order_money(order: Order) -> OrderMoney:
    """The order's payments and what went back of them."""
    refunds = tuple(order.refunds.select_related("asked_by", "order"))
    second = order.events.filter(kind=OrderEvent.Kind.SECOND_CHARGE).values_list("detail", flat=True)
    charges = [(ref, _left(order, ref)) for ref in filter(None, (order.charge_ref, *second))]
    taken = taken_by(order.charge_ref) if order.charge_ref else None
    return OrderMoney(
        refunds=refunds,
        left_minor=sum(left for _, left in charges),
        charges=tuple((ref, left) for ref, left in charges if left > 0),
        is_disputed=taken is not None and taken.is_disputed,
        waits_for_check=any(
            refund.checked_at is None and refund.state in (State.MADE, State.FAILED) for refund in refunds
        ),
    )


def preview_of(order: Order, wanted: Mapping[str, Any]) -> Preview | None:
    """What the refund that a form describes would do, or None when it cannot be made; nothing is changed."""
    amount_minor, part = wanted["amount"], wanted["part"]
    left = remaining(order)
    if wanted["charge"] not in ("", order.charge_ref) or order.state != Order.State.PAID:
        return Preview(amount_minor, None, ())
    if not 0 < amount_minor <= left.of_part(part).total_minor:
        return None
    spread = spread_refund(left, amount_minor, part)
    after = goods_gone(order)
    for line_ref, net_minor in goods_of(spread).items():
        after[line_ref] = after.get(line_ref, 0) + net_minor
    return Preview(amount_minor, spread, tuple(would_take_back(order.ref, order.charge_ref, after)))


def _left(order: Order, charge_ref: str) -> int:
    try:
        return money_left(order, charge_ref)
    except NotPaid:
        return 0
