"""Staff have looked at refunds that were not made here, or that came back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from people.models import User
from people.operations.note_change import note_change
from shop.models import Order, OrderRefund

State = OrderRefund.State


@transaction.atomic
def check_refund(*, order_id: int, by: User, now: datetime) -> int:
    """Take this order's refunds off the desk that wait to be looked at. Returns how many waited."""
    waiting = OrderRefund.objects.filter(order_id=order_id, checked_at=None, state__in=[State.MADE, State.FAILED])
    number = waiting.update(checked_at=now)
    if number:
        note_change(row=Order.objects.get(pk=order_id), fields=["refunds looked at"], by=by, is_new=False)
    return number
