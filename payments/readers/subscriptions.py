"""A subscription as it is now: running in some way, or over."""

from __future__ import annotations

from datetime import datetime

import stripe

from payments import gateway
from payments.facts import PlanChanged, PlanEnded
from payments.readers.ours import named_by
from payments.readers.words import moment, moment_or_none, present
from payments.readings import Reading

NOT_OURS = "not a plan of ours: its metadata names no kind and subject"
OVER = ("canceled", "incomplete_expired")


def read_subscription(object_id: str, at: datetime) -> Reading:
    """Look at a subscription (`sub_…`). Stripe dates no change, so a change is dated by its event."""
    return subscription_reading(gateway.client().subscription(object_id), at)


def subscription_reading(subscription: stripe.Subscription, at: datetime) -> Reading:
    """The one fact of a subscription in hand: PlanEnded when it is over, PlanChanged otherwise."""
    kind, subject = named_by(subscription.id, subscription.metadata)
    if not kind or not subject:
        return Reading(nothing=NOT_OURS)
    if subscription.status in OVER:
        ended = PlanEnded(
            kind=kind,
            subject=subject,
            subscription_ref=subscription.id,
            reason=_reason(subscription),
            at=moment_or_none(subscription.ended_at) or at,
        )
        return Reading(facts=(ended,))
    changed = PlanChanged(
        kind=kind,
        subject=subject,
        subscription_ref=subscription.id,
        status=subscription.status,
        cancel_at_period_end=subscription.cancel_at_period_end,
        next_at=_next_at(subscription),
        at=at,
    )
    return Reading(facts=(changed,))


def _reason(subscription: stripe.Subscription) -> str:
    details = subscription.cancellation_details
    return str(present(details, "reason") or "") if details else ""


def _next_at(subscription: stripe.Subscription) -> datetime | None:
    """The period lives on each item, not on the subscription (rules/stripe.md 0.6)."""
    ends = [item.current_period_end for item in subscription["items"].data]
    return moment(min(ends)) if ends else None
