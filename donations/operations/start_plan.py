"""We know which subscription carries a plan; the plan itself starts with its first paid gift."""

from __future__ import annotations

from datetime import datetime

from donations.models import PlanSubscription
from donations.outcomes import Outcome
from donations.subjects import lock_plan
from payments.facts import PlanStarted


def start_plan(fact: PlanStarted, *, now: datetime) -> Outcome:
    """Keep the plan's subscription, and the payer's name if none was typed.

    In the caller's transaction; harmless before or after the first paid invoice. Raises UnknownSubject.
    """
    plan = lock_plan(fact.subject)
    if not plan.name and fact.name:
        plan.name = fact.name[:200]
        plan.save(update_fields=["name"])
    _, made = PlanSubscription.objects.get_or_create(
        subscription_ref=fact.subscription_ref, defaults={"plan": plan, "since": fact.at}
    )
    return Outcome.STARTED if made else Outcome.UNCHANGED
