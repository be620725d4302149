"""We know which subscription carries a plan; the plan itself starts with its first paid gift."""

from __future__ import annotations

from datetime import datetime

from donations.models import Plan, PlanSubscription
from donations.outcomes import Outcome
from payments.facts import PlanStarted


def start_plan(fact: PlanStarted, *, now: datetime) -> Outcome:
    """Keep the plan's subscription. In the caller's transaction; harmless before or after the first paid invoice.

    Raises Plan.DoesNotExist for an unknown subject.
    """
    plan = Plan.objects.select_for_update().get(pk=fact.subject.partition(":")[2])
    _, made = PlanSubscription.objects.get_or_create(
        subscription_ref=fact.subscription_ref, defaults={"plan": plan, "since": fact.at}
    )
    return Outcome.STARTED if made else Outcome.UNCHANGED
