"""What waits for staff in the shop's rows: money that bought nothing, that came back, or that a bank took."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Q
from django.urls import reverse

from partners.desk import FINANCE, DeskTask
from people.money import format_minor
from people.queries import local_day
from shop.models import Order, OrderRefund
from shop.queries import orders_needing_staff

HANDS = ("fulfilment", *FINANCE)  # who may look at an order's money; who may move it is for the page to say
ANSWERED_WITHIN = timedelta(minutes=10)
State = OrderRefund.State

WORDS = {
    Order.ClosedBecause.SOLD_OUT: "paid after its pieces were released, and none are left",
    Order.ClosedBecause.MISMATCH: "the payment does not match the order; the money is in suspense",
    Order.ClosedBecause.NOT_CLOSED: "charged twice; the second charge is a deposit",
}

WORDS_OF_REFUNDS = {
    "disputed": ("Answer the dispute", "the buyer's bank took it back; answer it at Stripe."),
    "failed": ("Send back once more the refund", "it came back to us; the buyer is still owed it."),
    "at_stripe": ("Check the refund", "made at Stripe, so it was spread over all parts by rule."),
    "unanswered": ("Look after the refund", "Stripe has not answered yet; it is asked again by itself."),
}


def waiting(now: datetime) -> list[DeskTask]:
    """Orders whose buyer is owed money, refunds to look after, disputes to answer. Two queries."""
    return [
        *(_task(order) for order in orders_needing_staff()),
        *(_refund_task(refund, WORDS_OF_REFUNDS[key]) for refund, key in _refunds(now)),
    ]


def _refunds(now: datetime) -> Iterator[tuple[OrderRefund, str]]:
    """Refunds and disputes that need a person, with why."""
    open_rows = Q(state__in=[State.ASKED, State.DISPUTED]) | Q(state__in=[State.MADE, State.FAILED], checked_at=None)
    for refund in OrderRefund.objects.filter(open_rows).select_related("order").order_by("asked_at"):
        if refund.state == State.DISPUTED:
            yield refund, "disputed"
        elif refund.state == State.FAILED:
            yield refund, "failed"
        elif refund.state == State.MADE and refund.asked_by_id is None:
            yield refund, "at_stripe"
        elif refund.state == State.ASKED and refund.asked_at < now - ANSWERED_WITHIN:
            yield refund, "unanswered"


def _refund_task(refund: OrderRefund, words: tuple[str, str]) -> DeskTask:
    title, detail = words
    amount = format_minor(refund.amount_minor, refund.currency)
    if refund.answer_by and refund.state == State.DISPUTED:
        detail = f"{detail} Until {local_day(refund.answer_by):%-d %B %Y}."
    href = reverse("shop:desk_order", args=[refund.order_id])
    return DeskTask(f"{title} of order {refund.order.number}", f"{amount}: {detail}", refund.asked_at, href, HANDS)


def _task(order: Order) -> DeskTask:
    amount = format_minor(order.total_minor, order.currency)
    because = WORDS[Order.ClosedBecause(order.closed_because)]
    return DeskTask(
        f"Give back the money of order {order.number}",
        f"{amount}: {because}.",
        order.paid_at or order.placed_at,
        reverse("shop:desk_order", args=[order.pk]),
        HANDS,
    )
