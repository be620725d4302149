"""An order as its buyer and our staff read it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from partners.queries import Share, promise_of, shares_of
from people.money_line import Part
from shop.giving import Priced, PromisedShare, money_parts, promised_shares, rest_parts, share_part
from shop.links import token_hash
from shop.models import Order, OrderEvent, OrderLine, OrderLink, OrderRefund


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order with its lines, and what it gives: `allocated` once it is paid, `promised` until then."""

    order: Order
    lines: tuple[OrderLine, ...]
    promised: tuple[PromisedShare, ...]
    allocated: tuple[Share, ...]
    refunds: tuple[OrderRefund, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether the page should look again by itself."""
        return self.order.state in Order.OPEN

    @property
    def parts(self) -> list[Part]:
        """The money line: after payment in the colours of what is promised and what has reached a bank."""
        order = self.order
        if order.state != Order.State.PAID:
            return money_parts(
                self.promised,
                goods_minor=order.net_minor,
                shipping_minor=order.shipping_minor,
                tax_minor=order.tax_minor,
            )
        given = [
            share_part(share.partner_name, share.partner_slug, share.net_minor, share.state, _when(share))
            for share in self.allocated
            if share.net_minor
        ]
        gone = _gone(self.refunds, OrderRefund.GONE)
        rest = order.net_minor - gone.goods_minor - sum(share.net_minor for share in self.allocated)
        kept = rest_parts(rest, order.shipping_minor - gone.shipping_minor, order.tax_minor - gone.tax_minor)
        return [*given, *kept, *self._taken_back]

    @property
    def _taken_back(self) -> list[Part]:
        """What is not ours any more: in rose, with a word."""
        refunded = _gone(self.refunds, (OrderRefund.State.MADE,)).total_minor
        lost = _gone(self.refunds, (OrderRefund.State.LOST,)).total_minor
        parts = [
            Part("Given back to you", refunded, "returned", note="taken back out of this order"),
            Part("Taken back by your bank", lost, "returned", note="the dispute is decided"),
        ]
        return [part for part in parts if part.amount_minor]

    @property
    def given_back_whole(self) -> bool:
        return self.order.given_back_minor == self.order.total_minor

    @property
    def on_its_way_minor(self) -> int:
        """Refunds of the order's own payment that were asked for or have left, and have not succeeded yet."""
        own = (refund for refund in self.refunds if refund.charge_ref == self.order.charge_ref)
        return sum(refund.amount_minor for refund in own if refund.state in OrderRefund.UNDER_WAY)

    @property
    def owed_minor(self) -> int:
        """What was paid for nothing and goes back by itself: what was paid is not always what was asked."""
        own = (refund for refund in self.refunds if refund.charge_ref == self.order.charge_ref and refund.is_automatic)
        return next((refund.amount_minor for refund in own), self.order.total_minor)

    @property
    def second_charges(self) -> list[OrderRefund]:
        """The refunds of what was charged once more for an order that had its payment."""
        others = (refund for refund in self.refunds if refund.charge_ref != self.order.charge_ref)
        return [refund for refund in others if refund.is_automatic]

    @property
    def is_disputed(self) -> bool:
        return any(refund.state == OrderRefund.State.DISPUTED for refund in self.refunds)

    @property
    def words(self) -> list[str]:
        """Every promise that bound the order, as the page said it, once each."""
        return list(dict.fromkeys(frozen.words for line in self.lines for frozen in line.agreements.all()))


def order_by_token(token: str) -> OrderView | None:
    """The order behind an unguessable link, or None: a stranger's and a missing one look the same."""
    link = OrderLink.objects.select_related("order").filter(token_hash=token_hash(token)).first()
    return order_view(link.order) if link else None


def order_view(order: Order) -> OrderView:
    """An order with what its page shows. Six queries."""
    lines = tuple(order.lines.prefetch_related("agreements__agreement__partner"))
    allocated = tuple(shares_of(order.ref)) if order.state == Order.State.PAID else ()
    refunds = tuple(order.refunds.all()) if order.charge_ref else ()
    return OrderView(order, lines, tuple(_promised(lines)), allocated, refunds)


def orders_needing_staff() -> QuerySet[Order]:
    """Orders where somebody is owed money back that is not on its way by itself, the oldest first."""
    answered = (*OrderRefund.GONE, *OrderRefund.UNDER_WAY)
    seen_to = OrderRefund.objects.filter(charge_ref=OuterRef("detail"), state__in=answered)
    second = OrderEvent.objects.filter(~Exists(seen_to), kind=OrderEvent.Kind.SECOND_CHARGE).values("order")
    under_way = OrderRefund.objects.filter(charge_ref=OuterRef("charge_ref"), state__in=OrderRefund.UNDER_WAY)
    due = Q(~Exists(under_way), state=Order.State.REFUND_DUE)
    return Order.objects.filter(due | Q(pk__in=second)).order_by("paid_at")


def _promised(lines: tuple[OrderLine, ...]) -> list[PromisedShare]:
    return promised_shares(
        [
            Priced(
                net_minor=line.net_minor,
                promises=[promise_of(frozen.agreement) for frozen in line.agreements.all()],
                units=line.units,
                cost_minor=line.cost_minor or 0,
                gross_minor=line.units * line.unit_price_minor,
            )
            for line in lines
        ]
    )


@dataclass(frozen=True, slots=True)
class _Gone:
    """What went back of an order by parts, in minor units."""

    goods_minor: int
    shipping_minor: int
    tax_minor: int

    @property
    def total_minor(self) -> int:
        return self.goods_minor + self.shipping_minor + self.tax_minor


def _gone(refunds: tuple[OrderRefund, ...], states: Collection[str]) -> _Gone:
    counted = [refund for refund in refunds if refund.state in states]
    return _Gone(
        sum(refund.goods_minor for refund in counted),
        sum(refund.shipping_minor for refund in counted),
        sum(refund.tax_minor for refund in counted),
    )


def _when(share: Share) -> str:
    """Where this share is now, in words."""
    if share.held_minor:
        return "set aside while the bank decides about the payment"
    if share.paid_on:
        return f"reached their bank on {share.paid_on.day} {share.paid_on:%B %Y}"
    return "promised, on its way with the next payout"
