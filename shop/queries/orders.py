"""An order as its buyer and our staff read it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from partners.queries import Share, shares_of
from people.money_line import Part
from shop.giving import FrozenPromise, Priced, PromisedShare, money_parts, promised_shares, rest_parts, share_part
from shop.links import token_hash
from shop.models import Order, OrderEvent, OrderLine, OrderLink


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order with its lines, and what it gives: `allocated` once it is paid, `promised` until then."""

    order: Order
    lines: tuple[OrderLine, ...]
    promised: tuple[PromisedShare, ...]
    allocated: tuple[Share, ...]

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
            share_part(share.partner_name, share.partner_slug, share.amount_minor, share.state, _when(share))
            for share in self.allocated
        ]
        rest = order.net_minor - sum(share.amount_minor for share in self.allocated)
        return [*given, *rest_parts(rest, order.shipping_minor, order.tax_minor)]

    @property
    def words(self) -> list[str]:
        """Every promise that bound the order, as the page said it, once each."""
        return list(dict.fromkeys(frozen.words for line in self.lines for frozen in line.agreements.all()))


def order_by_token(token: str) -> OrderView | None:
    """The order behind an unguessable link, or None: a stranger's and a missing one look the same."""
    link = OrderLink.objects.select_related("order").filter(token_hash=token_hash(token)).first()
    return order_view(link.order) if link else None


def order_view(order: Order) -> OrderView:
    """An order with what its page shows. Five queries."""
    lines = tuple(order.lines.prefetch_related("agreements__agreement__partner"))
    allocated = tuple(shares_of(order.ref)) if order.state == Order.State.PAID else ()
    return OrderView(order, lines, tuple(_promised(lines)), allocated)


def orders_needing_staff() -> QuerySet[Order]:
    """Orders where somebody is owed money back, the oldest first."""
    second = OrderEvent.objects.filter(kind=OrderEvent.Kind.SECOND_CHARGE).values("order")
    return Order.objects.filter(Q(state=Order.State.REFUND_DUE) | Q(pk__in=second)).order_by("paid_at")


def _promised(lines: tuple[OrderLine, ...]) -> list[PromisedShare]:
    return promised_shares(
        [
            Priced(
                line.net_minor,
                [
                    FrozenPromise(
                        agreement_id=frozen.agreement_id,
                        partner_name=frozen.agreement.partner.name,
                        partner_slug=frozen.agreement.partner.slug,
                        rate_num=frozen.agreement.rate_num,
                        rate_den=frozen.agreement.rate_den,
                        stacking_set=frozen.agreement.stacking_set,
                    )
                    for frozen in line.agreements.all()
                ],
            )
            for line in lines
        ]
    )


def _when(share: Share) -> str:
    """Where this share is now, in words."""
    if share.paid_on:
        return f"reached their bank on {share.paid_on.day} {share.paid_on:%B %Y}"
    return "promised, on its way with the next payout"
