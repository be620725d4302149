"""A plan's subscription has ended at Stripe: what the donor asked for is confirmed, what they did not is told."""

from __future__ import annotations

from datetime import datetime

from donations.models import Plan, PlanEvent, PlanSubscription
from donations.operations.write_mails import plan_lapsed, plan_stopped
from donations.outcomes import Outcome
from donations.subjects import lock_plan
from payments.facts import PlanEnded


def end_plan(fact: PlanEnded, *, now: datetime) -> Outcome:
    """Confirm the end of a plan (DESIGN.md section 5). In the caller's transaction; raises UnknownSubject.

    The end of a subscription that no longer carries the plan changes only its own row. A plan that we had asked to
    stop is confirmed, without a second mail; one that ended by itself is lapsed after failed payments, else stopped.
    """
    plan = lock_plan(fact.subject)
    _end_subscription(plan, fact)
    if plan.subscriptions.filter(ended_at__isnull=True).exists():
        return Outcome.UNCHANGED
    if plan.is_stopping:
        return _confirm(plan, fact.at)
    if plan.state == Plan.State.PENDING:
        plan.state, plan.ended_at = Plan.State.EXPIRED, fact.at
        plan.save(update_fields=["state", "ended_at"])
        return Outcome.EXPIRED
    if not plan.is_living:
        return Outcome.ALREADY_STOPPED
    return _end_by_itself(plan, fact, now)


def _end_subscription(plan: Plan, fact: PlanEnded) -> None:
    """Written once: the reconciler takes whatever is written for something that was not known."""
    subscription, _ = PlanSubscription.objects.get_or_create(
        subscription_ref=fact.subscription_ref, defaults={"plan": plan, "since": fact.at, "ended_at": fact.at}
    )
    if subscription.ended_at is None:
        subscription.ended_at = fact.at
        subscription.save(update_fields=["ended_at"])


def _confirm(plan: Plan, at: datetime) -> Outcome:
    plan.cancel_confirmed_at = at
    plan.save(update_fields=["cancel_confirmed_at"])
    PlanEvent.objects.create(plan=plan, kind=PlanEvent.Kind.STOPPED, at=at)
    return Outcome.STOPPED


def _end_by_itself(plan: Plan, fact: PlanEnded, now: datetime) -> Outcome:
    lapsed = fact.reason == "payment_failed" or plan.state == Plan.State.RETRYING
    plan.state = Plan.State.LAPSED if lapsed else Plan.State.CANCELLED
    plan.ended_at = plan.cancel_confirmed_at = fact.at
    plan.retry_at = None
    plan.save(update_fields=["state", "ended_at", "cancel_confirmed_at", "retry_at"])
    kind = PlanEvent.Kind.LAPSED if lapsed else PlanEvent.Kind.STOPPED
    PlanEvent.objects.create(plan=plan, kind=kind, word=fact.reason[:40], at=fact.at)
    tell = plan_lapsed if lapsed else plan_stopped
    tell(plan, now=now)
    return Outcome.LAPSED if lapsed else Outcome.STOPPED
