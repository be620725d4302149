"""A payment page ran out or failed: the gift or plan it was for will not come from it."""

from __future__ import annotations

from datetime import datetime

from donations.models import Gift, Plan, PlanEvent
from donations.outcomes import Outcome
from payments.facts import CheckoutExpired, CheckoutFailed


def close_attempt(fact: CheckoutExpired | CheckoutFailed, *, now: datetime) -> Outcome:
    """Close a pending gift or plan. In the caller's transaction. OVERTAKEN when it is no longer pending.

    Raises Gift.DoesNotExist or Plan.DoesNotExist for an unknown subject.
    """
    kind, _, pk = fact.subject.partition(":")
    if kind == "plan":
        return _close_plan(int(pk), fact)
    gift = Gift.objects.select_for_update().get(pk=pk)
    if gift.state != Gift.State.PENDING:
        return Outcome.OVERTAKEN
    failed = isinstance(fact, CheckoutFailed)
    gift.state = Gift.State.FAILED if failed else Gift.State.EXPIRED
    gift.save(update_fields=["state"])
    return Outcome.FAILED if failed else Outcome.EXPIRED


def _close_plan(pk: int, fact: CheckoutExpired | CheckoutFailed) -> Outcome:
    plan = Plan.objects.select_for_update().get(pk=pk)
    if plan.state != Plan.State.PENDING:
        return Outcome.OVERTAKEN
    plan.state, plan.ended_at = Plan.State.EXPIRED, fact.at
    plan.save(update_fields=["state", "ended_at"])
    PlanEvent.objects.create(plan=plan, kind=PlanEvent.Kind.EXPIRED, at=fact.at)
    return Outcome.EXPIRED
