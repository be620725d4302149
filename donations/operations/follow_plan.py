"""A plan knows what Stripe says of its subscription: the next date, and whether it rests."""

from __future__ import annotations

from datetime import datetime

from donations.models import Plan, PlanEvent
from donations.outcomes import Outcome
from donations.subjects import lock_plan
from payments.facts import PlanChanged


def follow_plan(fact: PlanChanged, *, now: datetime) -> Outcome:
    """Take over the next date and a pause or its end. In the caller's transaction; raises UnknownSubject.

    Failed payments, the first payment and the end have facts of their own, and are not read from the status here.
    """
    plan = lock_plan(fact.subject)
    if not plan.is_living:
        return Outcome.NOT_LIVING
    before = (plan.state, plan.next_at)
    if fact.status == "paused" and plan.state != Plan.State.PAUSED:
        plan.state = Plan.State.PAUSED
        PlanEvent.objects.create(plan=plan, kind=PlanEvent.Kind.PAUSED, at=fact.at)
    elif fact.status == "active" and plan.state == Plan.State.PAUSED:
        plan.state = Plan.State.ACTIVE
        PlanEvent.objects.create(plan=plan, kind=PlanEvent.Kind.RESUMED, at=fact.at)
    if fact.next_at is not None:
        plan.next_at = fact.next_at
    if (plan.state, plan.next_at) == before:
        return Outcome.UNCHANGED
    plan.save(update_fields=["state", "next_at"])
    return Outcome.CHANGED
