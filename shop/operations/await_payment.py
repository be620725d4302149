"""The buyer is done and the bank is not: the pieces stay set aside, without end, until it says yes or no."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from payments.facts import CheckoutAwaiting
from shop.models import Order, OrderEvent, StockHold
from shop.outcomes import Outcome
from shop.subjects import lock_order


@transaction.atomic
def await_payment(fact: CheckoutAwaiting, *, now: datetime) -> Outcome:
    """Take the end off the order's holds (DESIGN.md section 5).

    Returns AWAITING, ALREADY_AWAITING, or ALREADY_CLOSED for an order that was paid or closed before this was told.
    Raises UnknownOrder.
    """
    order = lock_order(fact.subject)
    if order.state == Order.State.AWAITING_PAYMENT:
        return Outcome.ALREADY_AWAITING
    if order.state != Order.State.PENDING:
        return Outcome.ALREADY_CLOSED
    StockHold.objects.filter(order=order, state=StockHold.State.HELD).update(state=StockHold.State.AWAITING, until=None)
    order.state = Order.State.AWAITING_PAYMENT
    order.save(update_fields=["state"])
    OrderEvent.objects.create(order=order, kind=OrderEvent.Kind.AWAITING, at=now)
    return Outcome.AWAITING
