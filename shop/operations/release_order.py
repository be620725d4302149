"""A checkout that ended unpaid leaves no trace on the shelf."""

from __future__ import annotations

from datetime import datetime

from payments.facts import CheckoutExpired, CheckoutFailed
from shop.models import Order
from shop.operations.close_order import close_order
from shop.outcomes import Outcome
from shop.subjects import order_id_of


def release_order(fact: CheckoutExpired | CheckoutFailed, *, now: datetime) -> Outcome:
    """Close the order of an expired or failed checkout; told twice, it happens once (rules/shop.md 3.2, case 5).

    Returns RELEASED or ALREADY_CLOSED. Raises UnknownOrder.
    """
    because = Order.ClosedBecause.FAILED if isinstance(fact, CheckoutFailed) else Order.ClosedBecause.EXPIRED
    return close_order(order_id=order_id_of(fact.subject), because=because, now=now)
