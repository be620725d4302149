"""A payment page ran out or failed: the gift or plan it was for will not come from it."""

from __future__ import annotations

from datetime import datetime

from donations.models import Gift, Plan, PlanEvent
from donations.outcomes import Outcome
from donations.subjects import lock_gift, lock_plan
from payments.facts import CheckoutExpired, CheckoutFailed


def close_attempt(fact: CheckoutExpired | CheckoutFailed, *, now: datetime) -> Outcome:
    """Close a pending gift or plan. In the caller's transaction. OVERTAKEN when it is no longer pending.

    Raises UnknownSubject.
    """
    if fact.kind == "plan":
        return _close_plan(fact)
    gift = lock_gift(fact.subject)
    if gift.state != Gift.State.PENDING:
        return Outcome.OVERTAKEN
    failed = isinstance(fact, CheckoutFailed)
    gift.state = Gift.State.FAILED if failed else Gift.State.EXPIRED
    gift.save(update_fields=["state"])
    return Outcome.FAILED if failed else Outcome.EXPIRED


def _close_plan(fact: CheckoutExpired | CheckoutFailed) -> Outcome:
    plan = lock_plan(fact.subject)
    if plan.state != Plan.State.PENDING:
        return Outcome.OVERTAKEN
    plan.state, plan.ended_at = Plan.State.EXPIRED, fact.at
    plan.save(update_fields=["state", "ended_at"])
    PlanEvent.objects.create(plan=plan, kind=PlanEvent.Kind.EXPIRED, at=fact.at)
    return Outcome.EXPIRED
