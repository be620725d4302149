"""A subscription that another system began carries something of ours from now on. Nothing changes at Stripe."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from payments.models import AdoptedSubscription, StripeCustomer
from people.models import Supporter


class Outcome(StrEnum):
    ADOPTED = "adopted"
    ALREADY_ADOPTED = "already_adopted"


def adopt_subscription(*, subscription_ref: str, kind: str, subject: str, now: datetime) -> Outcome:
    """Say whose the subscription is, once. In the caller's transaction; a rival waits here and answers ALREADY_ADOPTED.

    What it pays from now on is told as `kind` and `subject`; `catch_up_subscription` tells what was paid meanwhile.
    """
    _, made = AdoptedSubscription.objects.get_or_create(
        subscription_id=subscription_ref, defaults={"kind": kind, "subject": subject, "taken_over_at": now}
    )
    return Outcome.ADOPTED if made else Outcome.ALREADY_ADOPTED


def adopt_customer(*, customer_ref: str, supporter: Supporter, now: datetime) -> Outcome:
    """Say who a customer is, once: a later look never changes it."""
    _, made = StripeCustomer.objects.get_or_create(
        customer_id=customer_ref, defaults={"supporter": supporter, "taken_over_at": now}
    )
    return Outcome.ADOPTED if made else Outcome.ALREADY_ADOPTED
