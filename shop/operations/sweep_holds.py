"""No piece stays held for a checkout that has ended, even when nobody told us that it ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import structlog

from payments.operations.expire_checkout import Outcome as Expiry
from payments.operations.expire_checkout import expire_checkout
from payments.operations.open_checkout import StripeUnavailable
from shop.models import Order, StockHold
from shop.operations.close_order import close_order
from shop.outcomes import Outcome

log = structlog.get_logger(__name__)


def sweep_holds(*, now: datetime) -> int:
    """Close every pending order whose hold is over; returns how many were released.

    The checkout is expired at the processor first, so that it cannot be paid afterwards (rules/shop.md 3.2); where that
    cannot be asked the order waits for the next sweep, and one order's trouble never keeps the pieces of the others.
    Not inside a transaction: it calls out.
    """
    return sum(_let_go(order_id, now) is Outcome.RELEASED for order_id in _overdue(now))


def _overdue(now: datetime) -> Iterator[int]:
    due = StockHold.objects.filter(state=StockHold.State.HELD, until__lte=now, order__state=Order.State.PENDING)
    yield from due.order_by("order_id").values_list("order_id", flat=True).distinct()


def _let_go(order_id: int, now: datetime) -> Outcome:
    try:
        closed = expire_checkout(subject=f"order:{order_id}", now=now)
    except StripeUnavailable:
        log.warning("hold_not_swept", order=order_id)
        return Outcome.WAITS
    except Exception:
        log.exception("hold_not_swept", order=order_id)
        return Outcome.WAITS
    if closed is Expiry.ALREADY_PAID:
        return Outcome.ALREADY_PAID
    return close_order(order_id=order_id, because=Order.ClosedBecause.EXPIRED, now=now)
