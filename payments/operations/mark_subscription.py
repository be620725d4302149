"""A subscription says at Stripe too whose it is: our kind and subject stand in its metadata."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from payments.gateway import StripeRefused
from payments.models import StripeCall
from payments.operations.make_call import intend_call, make_call


class Outcome(StrEnum):
    MARKED = "marked"
    ALREADY_MARKED = "already_marked"


def mark_subscription(*, subscription_ref: str, kind: str, subject: str, now: datetime) -> Outcome:
    """Write the two words beside what another system wrote there, once. Never inside a transaction (RuntimeError).

    Nothing here depends on it: it helps whoever reads Stripe's own pages. Raises StripeUnavailable (call again, or
    leave it to the sweep), StripeRefused.
    """
    call = intend_call(
        purpose=StripeCall.Purpose.MARK_SUBSCRIPTION,
        subject=subject,
        target=subscription_ref,
        params={"metadata": {"kind": kind, "subject": subject}},
        meaning=[kind, subject],
        key=f"mark_subscription:{subscription_ref}:{subject}",
        now=now,
    )
    if call.state == StripeCall.State.DONE:
        return Outcome.ALREADY_MARKED
    if call.state == StripeCall.State.FAILED:
        raise StripeRefused(call.error, code="attempt_failed")
    make_call(call, now=now)
    return Outcome.MARKED
