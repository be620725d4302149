"""An unpaid order is closed and its pieces are back on the shelf, once."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from partners.operations.release_room import release_room
from shop.models import Order, OrderEvent, StockHold
from shop.outcomes import Outcome
from shop.stock import give_back, held_by, lock_variants

Because = Order.ClosedBecause


@transaction.atomic
def close_order(*, order_id: int, because: Order.ClosedBecause, now: datetime) -> Outcome:
    """Release what is held for the order and close it: EXPIRED as expired, everything else as cancelled.

    Only FAILED may close an order whose bank debit is on its way. Returns RELEASED, or ALREADY_CLOSED when the order
    was closed, awaits its payment, or is paid: then nothing changes. Raises Order.DoesNotExist.
    """
    order = Order.objects.select_for_update(no_key=True).get(pk=order_id)
    may_close = Order.OPEN if because == Because.FAILED else (Order.State.PENDING,)
    if order.state not in may_close:
        return Outcome.ALREADY_CLOSED
    release_holds(order, now=now)
    order.state = Order.State.EXPIRED if because == Because.EXPIRED else Order.State.CANCELLED
    order.closed_because = because
    order.save(update_fields=["state", "closed_because"])
    OrderEvent.objects.create(order=order, kind=OrderEvent.Kind.RELEASED, detail=because, at=now)
    return Outcome.RELEASED


def release_holds(order: Order, *, now: datetime) -> None:
    """Give back everything that is set aside for an order that the caller has locked: pieces, and room under caps."""
    if held := held_by(order):
        lock_variants(held)
        give_back(held)
        StockHold.objects.filter(order=order, state__in=StockHold.ON_SHELF).update(
            state=StockHold.State.RELEASED, until=None
        )
    release_room(source=order.ref, bound_at=order.placed_at, now=now)
