"""A visitor who comes back from the payment page sees the truth at once, whether or not the event has arrived."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from payments.gateway import StripeUnavailable
from payments.models import CheckoutSession
from payments.operations.follow_object import follow_object
from payments.readers import read_checkout

_SESSION_ID = re.compile(r"cs_[A-Za-z0-9_]{1,200}")

__all__ = ["PaymentState", "ReturnState", "StripeUnavailable", "UnknownCheckout", "confirm_return"]


class UnknownCheckout(LookupError):
    """We never opened such a page; answer as for anything that does not exist."""


class PaymentState(StrEnum):
    PAID = "paid"
    AWAITING = "awaiting"
    OPEN = "open"
    EXPIRED = "expired"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class ReturnState:
    """What the page was for, and how it stands. PAID: the facts have been applied."""

    kind: str
    subject: str
    state: PaymentState


def confirm_return(*, session_id: str, now: datetime) -> ReturnState:
    """Look at the session and apply what it shows, just as its event would (rules/reliability.md row 40).

    A session that is settled here is answered without asking Stripe. Raises UnknownCheckout, StripeUnavailable (show
    "we are confirming your payment": the event or the sweep will), RuntimeError inside a transaction.
    """
    session = _find(session_id)
    if _state(session) in (PaymentState.OPEN, PaymentState.AWAITING):
        follow_object(reader=read_checkout, object_id=session_id, at=now, now=now)
        session.refresh_from_db()
    return ReturnState(kind=session.kind, subject=session.subject, state=_state(session))


def _find(session_id: str) -> CheckoutSession:
    if not _SESSION_ID.fullmatch(session_id):
        raise UnknownCheckout(session_id[:80])
    try:
        return CheckoutSession.objects.get(session_id=session_id)
    except CheckoutSession.DoesNotExist as error:
        raise UnknownCheckout(session_id) from error


def _state(session: CheckoutSession) -> PaymentState:
    if session.state != CheckoutSession.State.COMPLETE:
        return PaymentState(session.state)
    if session.failed:
        return PaymentState.FAILED
    unpaid = session.payment_status == CheckoutSession.PaymentStatus.UNPAID
    return PaymentState.AWAITING if unpaid else PaymentState.PAID
