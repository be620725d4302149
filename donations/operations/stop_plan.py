"""A donor's monthly gift is stopped: at once with us, then at Stripe, and the donor is told."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from donations.models import Plan, PlanEvent
from donations.operations.confirm_stop import TASK as CONFIRM_STOPS
from donations.operations.write_mails import plan_stopped
from donations.outcomes import Outcome
from donations.subjects import lock_plan
from people.wake import wake

# What a donor may say, in their words; saying nothing is as good an answer (rules/giving.md 3.3).
REASONS = (
    ("money", "Money is tight now"),
    ("other_giving", "I give in another way, or elsewhere"),
    ("short", "I meant to give for a while only"),
    ("trouble", "Something went wrong here"),
    ("private", "I would rather not say"),
)


class NotAReason(ValueError):
    """The reason is not one of REASONS."""


def stop_plan(*, plan_id: int, reason: str = "", now: datetime) -> Outcome:
    """Our row first, then a worker tells Stripe (`confirm_stop`), then Stripe's word confirms it (`end_plan`).

    The mail is queued in the same transaction. A plan that is over answers ALREADY_STOPPED. `reason` is empty or a
    word of REASONS; raises NotAReason, UnknownSubject.
    """
    if reason and reason not in dict(REASONS):
        raise NotAReason(reason)
    with transaction.atomic():
        plan = lock_plan(f"plan:{plan_id}")
        if not plan.is_living:
            return Outcome.ALREADY_STOPPED
        plan.state, plan.retry_at = Plan.State.CANCELLED, None
        plan.cancel_requested_at = plan.ended_at = now
        plan.save(update_fields=["state", "retry_at", "cancel_requested_at", "ended_at"])
        PlanEvent.objects.create(plan=plan, kind=PlanEvent.Kind.STOP_ASKED, word=reason, at=now)
        plan_stopped(plan, now=now)
        wake(CONFIRM_STOPS)
    return Outcome.STOPPING
