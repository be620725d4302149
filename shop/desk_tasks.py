"""What waits for staff in the shop's rows: money that bought nothing, that came back, or that a bank took."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from payments.refund_tasks import refund_tasks
from people.desk import FINANCE, DeskTask
from people.money import format_minor
from shop.models import Order, OrderRefund
from shop.queries import orders_needing_staff

HANDS = ("fulfilment", *FINANCE)  # whose the work is

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
    refunds = OrderRefund.objects.select_related("order")
    return [
        *(_task(order) for order in orders_needing_staff()),
        *refund_tasks(refunds, WORDS_OF_REFUNDS, _where, roles=HANDS, now=now),
    ]


def _where(refund: OrderRefund) -> tuple[str, str]:
    return f"order {refund.order.number}", reverse("shop:desk_order", args=[refund.order_id])


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
