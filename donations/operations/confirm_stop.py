"""Stripe has been told to end the subscriptions of a plan that is over with us."""

from __future__ import annotations

from datetime import datetime

from donations.models import Plan
from payments.operations.cancel_subscription import cancel_subscription

TASK = "donations.tasks.confirm_stops"


def confirm_stop(*, plan: Plan, now: datetime) -> int:
    """End every subscription of the plan that still runs; how many were asked for. Outside any transaction.

    What confirms the end is Stripe's fact (`end_plan`), told by the look at the subscription that follows the call.
    Raises StripeUnavailable (the row stays, the sweep tries again under the same key) and StripeRefused.
    """
    running = list(plan.subscriptions.filter(ended_at__isnull=True).order_by("pk"))
    for subscription in running:
        ref = subscription.subscription_ref
        cancel_subscription(subscription_ref=ref, attempt_key=f"{plan.ref}:{ref}", now=now, subject=plan.ref)
    return len(running)
