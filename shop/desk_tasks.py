"""What waits for staff in the shop's rows: money that came for an order and bought nothing."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from partners.desk import DeskTask
from people.money import format_minor
from shop.models import Order
from shop.queries import orders_needing_staff

WORDS = {
    Order.ClosedBecause.SOLD_OUT: "paid after its pieces were released, and none are left",
    Order.ClosedBecause.MISMATCH: "the payment does not match the order; the money is in suspense",
    Order.ClosedBecause.NOT_CLOSED: "charged twice; the second charge is a deposit",
}


def waiting(now: datetime) -> list[DeskTask]:
    """Orders whose buyer is owed money, each with a link to its record. One query."""
    return [_task(order) for order in orders_needing_staff()]


def _task(order: Order) -> DeskTask:
    amount = format_minor(order.total_minor, order.currency)
    because = WORDS[Order.ClosedBecause(order.closed_because)]
    return DeskTask(
        f"Give back the money of order {order.number}",
        f"{amount}: {because}. Refund it in Stripe's dashboard.",
        order.paid_at or order.placed_at,
        reverse("admin:shop_order_change", args=[order.pk]),
    )
