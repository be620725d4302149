"""A monthly payment failed: the plan waits for Stripe's own next attempt, or has lapsed when there is none."""

from __future__ import annotations

from datetime import datetime

from donations.models import Gift, Plan, PlanEvent
from donations.operations.confirm_stop import TASK as CONFIRM_STOPS
from donations.operations.write_mails import payment_failed, plan_lapsed
from donations.outcomes import Outcome
from donations.subjects import lock_plan
from payments.facts import InvoiceFailed
from people.wake import wake

# Declines that no waiting heals: the donor must act, so they hear of it at the first failure (rules/giving.md 3.2).
HARD_DECLINES = frozenset(
    {
        "expired_card",
        "incorrect_number",
        "invalid_account",
        "lost_card",
        "new_account_information_available",
        "pickup_card",
        "restricted_card",
        "stolen_card",
    }
)
TELL_AFTER = 2
TELL_AGAIN_AFTER = 4


def mark_plan_retrying(fact: InvoiceFailed, *, now: datetime) -> Outcome:
    """Note the failure and tell the donor when there is something to tell (rules/giving.md 3.2). In the caller's
    transaction.

    OVERTAKEN when the same invoice has been paid meanwhile, NOT_LIVING when the plan never started or has ended,
    UNCHANGED when this attempt is known: the reconciler takes whatever is written for something that was not.
    Dates come from the fact only: a failure without a next attempt is the last one. Raises UnknownSubject.
    """
    plan = lock_plan(fact.subject)
    if not plan.is_living:
        return Outcome.NOT_LIVING
    if Gift.objects.filter(invoice_ref=fact.invoice_ref).exists():
        return Outcome.OVERTAKEN
    if fact.next_attempt_at is None:
        return _lapse(plan, fact, now)
    before = (plan.state, plan.retry_at)
    plan.state, plan.retry_at = Plan.State.RETRYING, fact.next_attempt_at
    if (plan.state, plan.retry_at) == before:
        return Outcome.UNCHANGED
    plan.save(update_fields=["state", "retry_at"])
    if before[0] != Plan.State.RETRYING:
        PlanEvent.objects.create(plan=plan, kind=PlanEvent.Kind.RETRYING, word=fact.decline_code or "", at=fact.at)
    _tell(plan, fact, now)
    return Outcome.RETRYING


def _lapse(plan: Plan, fact: InvoiceFailed, now: datetime) -> Outcome:
    """Lapsed is not cancelled; but no card is charged again, so the subscription is ended at Stripe as well."""
    plan.state, plan.retry_at = Plan.State.LAPSED, None
    plan.ended_at = plan.cancel_requested_at = now
    plan.save(update_fields=["state", "retry_at", "ended_at", "cancel_requested_at"])
    PlanEvent.objects.create(plan=plan, kind=PlanEvent.Kind.LAPSED, word=fact.decline_code or "", at=fact.at)
    plan_lapsed(plan, now=now)
    wake(CONFIRM_STOPS)
    return Outcome.LAPSED


def _tell(plan: Plan, fact: InvoiceFailed, now: datetime) -> None:
    """At most two mails before the last: at once or after the second failure, and once more midway."""
    hard = fact.decline_code in HARD_DECLINES
    if hard or fact.attempt >= TELL_AFTER:
        payment_failed(plan, invoice_ref=fact.invoice_ref, time="first", hard=hard, now=now)
    if fact.attempt >= TELL_AGAIN_AFTER:
        payment_failed(plan, invoice_ref=fact.invoice_ref, time="again", hard=hard, now=now)
