"""Staff asked for a refund of a gift: its row is committed, then Stripe is called, at most once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from donations.models import Gift, GiftRefund
from donations.operations.send_gift_refunds import send_gift_refund
from donations.outcomes import Outcome
from donations.refunding import NotPaid, aside_of, money_left, payment_of
from payments.currencies import can_be_charged
from people.models import User

__all__ = ["AmountNotTaken", "Disputed", "NotPaid", "RefundAmountWrong", "Requested", "request_gift_refund"]

State = GiftRefund.State


class RefundAmountWrong(ValueError):
    """Zero or less, or more than is left; `left_minor` is the most that can go back."""

    def __init__(self, left_minor: int) -> None:
        self.left_minor = left_minor
        super().__init__(f"a refund is above 0 and at most {left_minor}")


class AmountNotTaken(RefundAmountWrong):
    """Stripe takes no such amount in this currency: thousandths must end in 0."""


class Disputed(Exception):
    """The donor's bank is taking the money back itself, or has taken it; a refund would give it twice."""


@dataclass(frozen=True, slots=True)
class Requested:
    """What came of it: REFUNDED or PENDING, ASKED while Stripe's answer is not known, REFUSED when it said no."""

    outcome: Outcome
    refund: GiftRefund


def request_gift_refund(*, gift_id: int, amount_minor: int, by: User, now: datetime, form_key: str = "") -> Requested:
    """Give a part of a gift back (DESIGN.md section 5 "Refund"). Never inside a transaction: it calls out.

    The same `form_key` sent twice is one request. Raises RefundAmountWrong, AmountNotTaken, Disputed, NotPaid,
    Gift.DoesNotExist, all before anything is asked of Stripe.
    """
    with transaction.atomic(durable=True):
        gift = Gift.objects.select_for_update(of=("self",), no_key=True).get(pk=gift_id)
        refund = gift.refunds.filter(form_key=form_key).first() if form_key else None
        if refund is None:
            _refuse(gift, amount_minor)
            refund = GiftRefund.objects.create(
                gift=gift,
                state=State.ASKED,
                aside_of=aside_of(gift),
                amount_minor=amount_minor,
                form_key=form_key,
                asked_by=by,
                asked_at=now,
                checked_at=now,
            )
    if refund.state == State.ASKED:
        send_gift_refund(refund, now=now)
        refund.refresh_from_db()
    return Requested(_OUTCOMES[State(refund.state)], refund)


def _refuse(gift: Gift, amount_minor: int) -> None:
    payment = payment_of(gift)
    left_minor = money_left(gift, payment)
    if payment.is_disputed:
        raise Disputed(gift.ref)
    if not 0 < amount_minor <= left_minor:
        raise RefundAmountWrong(left_minor)
    if not can_be_charged(amount_minor, payment.currency):
        raise AmountNotTaken(left_minor)


_OUTCOMES = {
    State.ASKED: Outcome.ASKED,
    State.REFUSED: Outcome.REFUSED,
    State.PENDING: Outcome.PENDING,
    State.MADE: Outcome.REFUNDED,
    State.FAILED: Outcome.REFUND_FAILED,
}
