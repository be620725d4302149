"""No payment page of a subject is open any more: nobody can pay for it by an old address."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from enum import StrEnum

from payments.gateway import StripeRefused, StripeUnavailable
from payments.models import CheckoutSession, StripeCall
from payments.operations.follow_object import follow_object
from payments.operations.make_call import intend_call, make_call
from payments.readers import read_checkout


class Outcome(StrEnum):
    NONE_OPEN = "none_open"
    EXPIRED = "expired"
    ALREADY_PAID = "already_paid"


def expire_checkout(*, subject: str, now: datetime) -> Outcome:
    """Expire every open page of the subject at Stripe. Never inside a transaction (RuntimeError).

    A page that was completed in the meantime cannot be expired: then what was paid is applied, as its event would, and
    ALREADY_PAID returned. Otherwise CheckoutExpired has been told when this returns. Raises StripeUnavailable, also
    when a page stays open at Stripe: whoever gives stock away must know that nobody can pay any more.
    """
    open_ones = CheckoutSession.objects.filter(subject=subject, state=CheckoutSession.State.OPEN).order_by("id")
    states = [_expire(session, now) for session in open_ones]
    if CheckoutSession.State.OPEN in states:
        raise StripeUnavailable("a payment page could not be closed")
    if CheckoutSession.State.COMPLETE in states:
        return Outcome.ALREADY_PAID
    return Outcome.EXPIRED if states else Outcome.NONE_OPEN


def _expire(session: CheckoutSession, now: datetime) -> str:
    call = intend_call(
        purpose=StripeCall.Purpose.EXPIRE_CHECKOUT,
        subject=session.subject,
        target=session.session_id,
        params={},
        meaning=[],
        key=f"expire_checkout:{session.session_id}",
        now=now,
    )
    if call.state not in (StripeCall.State.DONE, StripeCall.State.FAILED):
        with suppress(StripeRefused):  # it is not open any more; the look below says what it is
            make_call(call, now=now)
    follow_object(reader=read_checkout, object_id=session.session_id, at=now, now=now)
    session.refresh_from_db(fields=["state"])
    return session.state
