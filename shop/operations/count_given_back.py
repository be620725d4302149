"""What an order says was given back is the sum of its refunds that were made and its disputes that were lost."""

from __future__ import annotations

from django.db.models import F, Sum

from payments.queries import taken_by
from shop.models import Order, OrderRefund


def count_given_back(order: Order) -> None:
    """Figure it again, with the order locked; money that bought nothing is counted as due until all of it is back."""
    gone = OrderRefund.objects.filter(order=order, state__in=OrderRefund.GONE, charge_ref=order.charge_ref)
    sums = gone.aggregate(money=Sum(F("amount_minor") - F("surplus_minor")))
    money_minor = sums["money"] or 0
    order.given_back_minor = min(money_minor, order.total_minor)
    if order.state in (Order.State.REFUND_DUE, Order.State.REFUNDED):
        taken = taken_by(order.charge_ref)
        due_minor = taken.amount_minor if taken else order.total_minor  # what was paid is not always what was asked
        order.state = Order.State.REFUNDED if money_minor >= due_minor else Order.State.REFUND_DUE
    order.save(update_fields=["given_back_minor", "state"])
