"""Staff asked for a refund of an order: its row is committed, then Stripe is called, at most once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from ledger.taken_out import taken_out
from payments.currencies import can_be_charged
from payments.queries import taken_by
from people.models import User
from shop.models import Order, OrderEvent, OrderRefund
from shop.operations.send_refunds import send_refund
from shop.operations.set_refund_aside import kept_in
from shop.outcomes import Outcome
from shop.refunding import NoSuchPart, NotPaid, money_left, remaining

__all__ = [
    "AmountNotTaken",
    "Disputed",
    "NoSuchPart",
    "NotPaid",
    "NothingLeft",
    "RefundAmountWrong",
    "Requested",
    "request_refund",
]

State = OrderRefund.State


class RefundAmountWrong(ValueError):
    """Zero or less, or more than is left; `left_minor` is the most that can go back."""

    def __init__(self, left_minor: int) -> None:
        self.left_minor = left_minor
        super().__init__(f"a refund is above 0 and at most {left_minor}")


class AmountNotTaken(RefundAmountWrong):
    """Stripe takes no such amount in this currency: thousandths must end in 0."""


class NothingLeft(RefundAmountWrong):
    """Everything went back already, or is on its way."""


class Disputed(Exception):
    """The buyer's bank is taking the money back itself, or has taken it; a refund would give it twice."""


@dataclass(frozen=True, slots=True)
class Requested:
    """What came of it: REFUNDED or PENDING, ASKED while Stripe's answer is not known, REFUSED when it said no."""

    outcome: Outcome
    refund: OrderRefund


def request_refund(
    *,
    order_id: int,
    amount_minor: int,
    because: OrderRefund.Because,
    by: User,
    now: datetime,
    part: str = "",
    charge_ref: str = "",
    form_key: str = "",
) -> Requested:
    """Give a part of a payment back (DESIGN.md section 5 "Refund"). Never inside a transaction: it calls out.

    `part` ("line:7", "shipping") says of what; empty spreads it over everything by rule. `charge_ref` is the order's
    own payment unless named. The same `form_key` sent twice is one request. Raises RefundAmountWrong, AmountNotTaken,
    NothingLeft, Disputed, NotPaid, NoSuchPart, Order.DoesNotExist, all before anything is asked of Stripe.
    """
    with transaction.atomic(durable=True):
        # 1. One request for an order at a time; a repeated form is the same one.
        order = Order.objects.select_for_update(no_key=True).get(pk=order_id)
        refund = order.refunds.filter(form_key=form_key).first() if form_key else None
        if refund is None:
            # 2. What cannot be given back is refused before any call.
            charge_ref = charge_ref or order.charge_ref
            _refuse(order, charge_ref, amount_minor, part)
            # 3. The row that the call is made from.
            refund = OrderRefund.objects.create(
                order=order,
                charge_ref=charge_ref,
                state=State.ASKED,
                because=because,
                part=part,
                aside=kept_in(order, charge_ref),
                amount_minor=amount_minor,
                form_key=form_key,
                asked_by=by,
                asked_at=now,
                checked_at=now,
            )
            OrderEvent.objects.create(
                order=order, kind=OrderEvent.Kind.REFUND_ASKED, detail=refund.ref, actor=f"user:{by.pk}", at=now
            )
    # 4. Committed; now Stripe may be asked.
    if refund.state == State.ASKED:
        send_refund(refund, now=now)
        refund.refresh_from_db()
    return Requested(_OUTCOMES[State(refund.state)], refund)


def _refuse(order: Order, charge_ref: str, amount_minor: int, part: str) -> None:
    left_minor = money_left(order, charge_ref)
    taken = taken_by(charge_ref)
    if (aside := kept_in(order, charge_ref)) and taken is not None:
        # What people booked out of there is no longer the buyer's.
        left_minor -= taken_out(aside, charge_ref, taken.currency)
    if taken is not None and taken.is_disputed:
        raise Disputed(order.ref)
    if part:
        left_minor = min(left_minor, remaining(order).of_part(part).total_minor)
    if left_minor <= 0:
        raise NothingLeft(0)
    if not 0 < amount_minor <= left_minor:
        raise RefundAmountWrong(left_minor)
    if not can_be_charged(amount_minor, taken.currency if taken else order.currency):
        raise AmountNotTaken(left_minor)


_OUTCOMES = {
    State.ASKED: Outcome.ASKED,
    State.REFUSED: Outcome.REFUSED,
    State.PENDING: Outcome.PENDING,
    State.MADE: Outcome.REFUNDED,
    State.FAILED: Outcome.REFUND_FAILED,
}
