"""A monthly plan takes no more money at Stripe, and those who care have been told."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from payments.gateway import NoSuchObject, StripeRefused
from payments.models import StripeCall
from payments.operations.follow_object import follow_object
from payments.operations.make_call import intend_call, make_call
from payments.readers import read_subscription


class Outcome(StrEnum):
    CANCELLED = "cancelled"
    ALREADY_CANCELLED = "already_cancelled"


def cancel_subscription(*, subscription_ref: str, attempt_key: str, now: datetime, subject: str = "") -> Outcome:
    """Cancel at once, without proration or a last invoice. Never inside a transaction (RuntimeError).

    PlanEnded has been told when this returns. Raises StripeUnavailable (same attempt_key again; the sweep also repeats
    it), StripeRefused.
    """
    call = intend_call(
        purpose=StripeCall.Purpose.CANCEL_SUBSCRIPTION,
        subject=subject or subscription_ref,
        target=subscription_ref,
        params={"invoice_now": False, "prorate": False},
        meaning=[],
        key=f"cancel_subscription:{attempt_key}",
        now=now,
    )
    outcome = Outcome.ALREADY_CANCELLED if call.state == StripeCall.State.DONE else _cancel(call, now)
    follow_object(reader=read_subscription, object_id=subscription_ref, at=now, now=now)
    return outcome


def _cancel(call: StripeCall, now: datetime) -> Outcome:
    if call.state == StripeCall.State.FAILED and not call.error.startswith("resource_missing"):
        raise StripeRefused(call.error, code="attempt_failed")
    if call.state == StripeCall.State.FAILED:
        return Outcome.ALREADY_CANCELLED
    try:
        make_call(call, now=now)
    except NoSuchObject:
        return Outcome.ALREADY_CANCELLED  # over already, or the look that follows raises the same
    return Outcome.CANCELLED
