"""An order's money for staff: what was paid, what went back, what is left, and what a refund would do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from partners.queries.reversals import TakenFrom, would_take_back
from payments.queries import Taken, taken_by
from shop.models import Order, OrderRefund, OrderRefundLine
from shop.refunding import Spread, goods_of, left_after, left_of, spread_refund

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


def order_money(order: Order, second: Sequence[str]) -> OrderMoney:
    """The order's payments, its own and the `second` ones, and what went back of them. Two queries, and one for each
    payment."""
    refunds = tuple(order.refunds.select_related("asked_by", "order"))
    taken = taken_by(order.charge_ref) if order.charge_ref else None
    own = [(order.charge_ref, _left(order, order.charge_ref, taken))] if order.charge_ref else []
    charges = own + [(ref, _left(order, ref, taken_by(ref))) for ref in second]
    return OrderMoney(
        refunds=refunds,
        left_minor=sum(left for _, left in charges),
        charges=tuple((ref, left) for ref, left in charges if left > 0),
        is_disputed=taken is not None and taken.is_disputed,
        waits_for_check=any(
            refund.checked_at is None and refund.state in (State.MADE, State.FAILED) for refund in refunds
        ),
    )


def preview_of(order: Order, wanted: Mapping[str, Any], refunds: Sequence[OrderRefund]) -> Preview | None:
    """What the refund that a form describes would do, or None when it cannot be made; nothing is changed.

    `refunds` are the order's so far.
    """
    amount_minor, part = wanted["amount"], wanted["part"]
    rows = list(OrderRefundLine.objects.filter(refund__order=order))
    claims = {refund.pk: refund for refund in refunds if refund.state in OrderRefund.CLAIMS}
    left = left_after(
        order,
        _by_line(row for row in rows if row.refund_id in claims),
        sum(refund.shipping_minor for refund in claims.values()),
    )
    if wanted["charge"] not in ("", order.charge_ref) or order.state != Order.State.PAID:
        return Preview(amount_minor, None, ())
    if not 0 < amount_minor <= left.of_part(part).total_minor:
        return None
    spread = spread_refund(left, amount_minor, part)
    gone = {refund.pk for refund in refunds if refund.state in OrderRefund.GONE}
    lines_gone = _by_line(row for row in rows if row.refund_id in gone)
    after = {f"order_line:{line_id}": net_minor for line_id, (net_minor, _) in lines_gone.items()}
    for line_ref, net_minor in goods_of(spread).items():
        after[line_ref] = after.get(line_ref, 0) + net_minor
    return Preview(amount_minor, spread, tuple(would_take_back(order.ref, order.charge_ref, after)))


def _left(order: Order, charge_ref: str, taken: Taken | None) -> int:
    return left_of(order, charge_ref, taken) if taken is not None else 0


def _by_line(rows: Iterable[OrderRefundLine]) -> dict[int, tuple[int, int]]:
    """(net, tax) that went back of each line."""
    sums: dict[int, tuple[int, int]] = {}
    for row in rows:
        net_minor, tax_minor = sums.get(row.line_id, (0, 0))
        sums[row.line_id] = (net_minor + row.amount_minor, tax_minor + row.tax_minor)
    return sums
