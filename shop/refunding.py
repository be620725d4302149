"""What is left of each part of an order, and how money that goes back is spread over it (rules/ledger.md R2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q, QuerySet, Sum

from ledger import splitting
from ledger.builders import Parts
from payments.queries import Taken, taken_by
from shop.models import Order, OrderLine, OrderRefund, OrderRefundLine

SHIPPING = "shipping"


class NoSuchPart(ValueError):
    """Not a line of this order, and not its shipping."""


class NotPaid(Exception):
    """The order has no payment of which something could go back."""


@dataclass(frozen=True, slots=True)
class LinePart:
    """A line, and of it an amount: of its net, and of its tax, in minor units."""

    line: OrderLine
    net_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True)
class Spread:
    """Amounts by part; `surplus_minor` is what a bank took, or Stripe gave back, above all that was left."""

    lines: tuple[LinePart, ...]
    shipping_minor: int
    surplus_minor: int = 0

    @property
    def goods_minor(self) -> int:
        return sum(part.net_minor for part in self.lines)

    @property
    def tax_minor(self) -> int:
        return sum(part.tax_minor for part in self.lines)

    @property
    def total_minor(self) -> int:
        """Without the surplus."""
        return self.goods_minor + self.shipping_minor + self.tax_minor

    def of_part(self, part: str) -> Spread:
        """Only the named part ("line:7", "shipping"), or everything when none is named. Raises NoSuchPart."""
        if not part:
            return self
        if part == SHIPPING:
            return Spread(tuple(LinePart(one.line, 0, 0) for one in self.lines), self.shipping_minor)
        if part not in {f"line:{one.line.pk}" for one in self.lines}:
            raise NoSuchPart(part)
        kept = tuple(one if part == f"line:{one.line.pk}" else LinePart(one.line, 0, 0) for one in self.lines)
        return Spread(kept, 0)


def remaining(order: Order, *, without: OrderRefund | None = None) -> Spread:
    """What neither went back nor is on its way back of each part. The order is locked by whoever relies on it."""
    claims = order.refunds.filter(state__in=OrderRefund.CLAIMS)
    if without is not None and without.pk:
        claims = claims.exclude(pk=without.pk)
    shipping_minor = claims.aggregate(gone=Sum("shipping_minor"))["gone"] or 0
    return left_after(order, _by_line(OrderRefundLine.objects.filter(refund__in=claims)), shipping_minor)


def left_after(order: Order, gone: Mapping[int, tuple[int, int]], shipping_minor: int) -> Spread:
    """What is left of each part when that much of each line's (net, tax) and of the shipping is gone."""
    lines = []
    for line in order.lines.all():
        net_minor, tax_minor = gone.get(line.pk, (0, 0))
        lines.append(LinePart(line, line.net_minor - net_minor, line.tax_minor - tax_minor))
    return Spread(tuple(lines), order.shipping_minor - shipping_minor)


def money_left(order: Order, charge_ref: str) -> int:
    """What of this payment neither went back, is on its way, nor was asked for, in minor units. Raises NotPaid."""
    taken = taken_by(charge_ref) if charge_ref else None
    if taken is None:
        raise NotPaid(order.ref)
    return left_of(order, charge_ref, taken)


def left_of(order: Order, charge_ref: str, taken: Taken) -> int:
    """The same, of a payment that was looked up already. One query."""
    kept = order.refunds.filter(charge_ref=charge_ref, state__in=[OrderRefund.State.ASKED, *OrderRefund.CLAIMS])
    taken_twice = Sum("surplus_minor", filter=Q(cause=OrderRefund.Cause.DISPUTE))
    sums = kept.aggregate(gone=Sum("amount_minor"), surplus=taken_twice)
    return max(taken.amount_minor - (sums["gone"] or 0) + (sums["surplus"] or 0), 0)


def spread_refund(left: Spread, amount_minor: int, part: str = "") -> Spread:
    """A refund over what is left, or over what is left of one part; over all of it when that part is too small by now.

    Raises ValueError when nothing, or more than is left, is given back; NoSuchPart.
    """
    chosen = left.of_part(part)
    return _spread(chosen if chosen.total_minor >= amount_minor else left, amount_minor)


def spread_told(left: Spread, amount_minor: int, part: str = "") -> Spread:
    """A refund that Stripe made, whatever is left: above that it is surplus, as of a dispute. Raises NoSuchPart."""
    if amount_minor <= left.total_minor:
        return spread_refund(left, amount_minor, part)
    return spread_dispute(left, amount_minor)


def spread_dispute(left: Spread, amount_minor: int) -> Spread:
    """What a bank took, over what is left; the rest of it is surplus, which touches no part and no partner."""
    taken_minor = min(amount_minor, left.total_minor)
    spread = _spread(left, taken_minor) if taken_minor else Spread((), 0)
    return Spread(spread.lines, spread.shipping_minor, amount_minor - taken_minor)


def keep_spread(refund: OrderRefund, spread: Spread) -> None:
    """Write the parts of a refund or dispute down, once; the caller saves the row itself."""
    refund.goods_minor, refund.shipping_minor = spread.goods_minor, spread.shipping_minor
    refund.tax_minor, refund.surplus_minor = spread.tax_minor, spread.surplus_minor
    refund.save()
    OrderRefundLine.objects.bulk_create(
        OrderRefundLine(refund=refund, line=part.line, amount_minor=part.net_minor, tax_minor=part.tax_minor)
        for part in spread.lines
        if part.net_minor or part.tax_minor
    )


def widen_spread(dispute: OrderRefund, spread: Spread) -> None:
    """Write down that a dispute takes these parts too, out of what was its surplus."""
    dispute.goods_minor += spread.goods_minor
    dispute.shipping_minor += spread.shipping_minor
    dispute.tax_minor += spread.tax_minor
    dispute.surplus_minor = spread.surplus_minor
    dispute.save(update_fields=["goods_minor", "shipping_minor", "tax_minor", "surplus_minor"])
    for part in spread.lines:
        if part.net_minor or part.tax_minor:
            row, _ = OrderRefundLine.objects.get_or_create(refund=dispute, line=part.line, defaults={"amount_minor": 0})
            row.amount_minor, row.tax_minor = row.amount_minor + part.net_minor, row.tax_minor + part.tax_minor
            row.save(update_fields=["amount_minor", "tax_minor"])


def parts_of(refund: OrderRefund) -> Parts:
    """The parts as the books take them."""
    return Parts(goods_minor=refund.goods_minor, shipping_minor=refund.shipping_minor, tax_minor=refund.tax_minor)


def goods_gone(order: Order, *, but_for: OrderRefund | None = None, claimed: bool = False) -> dict[str, int]:
    """What went back of the goods of each line, as partners measure it; with `claimed` also what is on its way."""
    states = OrderRefund.CLAIMS if claimed else OrderRefund.GONE
    rows = OrderRefundLine.objects.filter(refund__order=order, refund__state__in=states)
    if but_for is not None:
        rows = rows.exclude(refund=but_for)
    return {f"order_line:{line_id}": net_minor for line_id, (net_minor, _) in _by_line(rows).items()}


def goods_of(spread: Spread) -> dict[str, int]:
    """The goods of each line in a spread, as partners measure it."""
    return {f"order_line:{part.line.pk}": part.net_minor for part in spread.lines if part.net_minor}


def _spread(left: Spread, amount_minor: int) -> Spread:
    """By the largest remainder over goods, shipping and tax, and the tax over the lines that still have some."""
    weights = [part.net_minor for part in left.lines] + [left.shipping_minor, left.tax_minor]
    *nets, shipping_minor, tax_minor = splitting.split_refund(amount_minor, weights)
    taxes = splitting.split(tax_minor, [part.tax_minor for part in left.lines])
    parts = zip(left.lines, nets, taxes, strict=True)
    return Spread(tuple(LinePart(one.line, net, tax) for one, net, tax in parts), shipping_minor)


def _by_line(rows: QuerySet[OrderRefundLine]) -> dict[int, tuple[int, int]]:
    sums = rows.order_by().values_list("line").annotate(Sum("amount_minor"), Sum("tax_minor"))
    return {line_id: (net_minor, tax_minor) for line_id, net_minor, tax_minor in sums}
