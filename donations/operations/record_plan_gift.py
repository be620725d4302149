"""A monthly gift that was paid is in the books, and the first one makes its plan active; once per invoice."""

from __future__ import annotations

from datetime import datetime

from donations.links import hash_of, token_for
from donations.models import Gift, Plan, PlanEvent, PlanSubscription
from donations.operations.book_gift import book_gift
from donations.operations.confirm_stop import TASK as CONFIRM_STOPS
from donations.operations.write_mails import second_plan_stopped, thank_for_monthly_gift, thank_for_start
from donations.outcomes import Outcome
from donations.subjects import lock_plan
from payments.facts import InvoicePaid
from people.models import Supporter
from people.operations.find_or_make_supporter import find_or_make_supporter
from people.operations.give_login import give_login
from people.wake import wake

NEVER_STARTED = (Plan.State.PENDING, Plan.State.EXPIRED)


def record_plan_gift(fact: InvoicePaid, *, now: datetime) -> Outcome:
    """Record the gift of one paid invoice (DESIGN.md section 5 "Monthly gift"). In the caller's transaction.

    1. An invoice of nothing is no gift (a $0 invoice comes with trials and credits). 2. Under the plan's lock, an
    invoice that is recorded already answers ALREADY_RECORDED. 3. The plan starts with its first gift, whatever order
    the facts come in, also after its end; a second living plan of the same supporter and fund keeps the gift but is
    stopped. 4. Books and
    shares by the promises of the moment of the charge. 5. One mail. Raises UnknownSubject.
    """
    if fact.amount_minor <= 0:
        return Outcome.NOTHING_PAID
    plan = lock_plan(fact.subject)
    if Gift.objects.filter(invoice_ref=fact.invoice_ref).exists():
        return Outcome.ALREADY_RECORDED
    PlanSubscription.objects.get_or_create(
        subscription_ref=fact.subscription_ref, defaults={"plan": plan, "since": fact.paid_at}
    )
    starts = plan.state in NEVER_STARTED
    supporter = _begin(plan, fact, now) if starts else _carry_on(plan, fact)
    gift = _gift(plan, supporter, fact)
    book_gift(gift, now=now)
    _thank(plan, gift, starts=starts, now=now)
    return Outcome.RECORDED


def _begin(plan: Plan, fact: InvoicePaid, now: datetime) -> Supporter:
    supporter = find_or_make_supporter(email=plan.email, name=plan.name, now=now)
    Supporter.objects.select_for_update().get(pk=supporter.pk)  # one plan of a supporter starts at a time
    rivals = Plan.objects.filter(supporter=supporter, fund=plan.fund, state__in=Plan.LIVING).exclude(pk=plan.pk)
    plan.supporter, plan.started_at, plan.next_at = supporter, fact.paid_at, fact.next_at
    ended_at = _end_told_before(plan)
    if ended_at is not None:
        kind = PlanEvent.Kind.STARTED
        plan.state, plan.ended_at, plan.cancel_confirmed_at = Plan.State.CANCELLED, ended_at, ended_at
        PlanEvent.objects.create(plan=plan, kind=PlanEvent.Kind.STOPPED, at=ended_at)
    elif rivals.exists():
        kind = PlanEvent.Kind.DUPLICATE
        plan.state, plan.cancel_requested_at, plan.ended_at = Plan.State.CANCELLED, now, now
        wake(CONFIRM_STOPS)
    else:
        kind = PlanEvent.Kind.STARTED
        plan.state, plan.ended_at = Plan.State.ACTIVE, None
    plan.save()
    PlanEvent.objects.create(plan=plan, kind=kind, at=fact.paid_at)
    give_login(supporter=supporter)
    return supporter


def _end_told_before(plan: Plan) -> datetime | None:
    """When the plan's subscription ended, if its end was told before its first gift: then it never runs here."""
    subscriptions = list(plan.subscriptions.all())
    ends = [row.ended_at for row in subscriptions if row.ended_at is not None]
    return max(ends) if ends and len(ends) == len(subscriptions) else None


def _carry_on(plan: Plan, fact: InvoicePaid) -> Supporter:
    assert plan.supporter is not None
    if plan.is_living:
        plan.next_at = _later(plan.next_at, fact.next_at)
        if plan.state == Plan.State.RETRYING:
            plan.state, plan.retry_at = Plan.State.ACTIVE, None
            PlanEvent.objects.create(plan=plan, kind=PlanEvent.Kind.RECOVERED, at=fact.paid_at)
        plan.save(update_fields=["state", "next_at", "retry_at"])
    return plan.supporter


def _later(known: datetime | None, told: datetime | None) -> datetime | None:
    """A fact that comes late must not set the next date back."""
    return max(filter(None, (known, told)), default=None)


def _thank(plan: Plan, gift: Gift, *, starts: bool, now: datetime) -> None:
    if starts and plan.is_stopping:
        second_plan_stopped(plan, gift, now=now)
    elif starts and plan.is_living:
        thank_for_start(plan, gift, now=now)
    else:
        thank_for_monthly_gift(plan, gift, now=now)


def _gift(plan: Plan, supporter: Supporter, fact: InvoicePaid) -> Gift:
    key = f"invoice:{fact.invoice_ref}"
    return Gift.objects.create(
        attempt_key=key,
        token_hash=hash_of(token_for(key)),
        supporter=supporter,
        fund=plan.fund,
        plan=plan,
        charged_minor=fact.amount_minor,
        # Another amount than the plan's is not split as the plan's is: all of it counts as given.
        fee_cover_minor=plan.fee_cover_minor if fact.amount_minor == plan.amount_minor else 0,
        currency=fact.currency,
        state=Gift.State.PAID,
        asked_at=fact.paid_at,
        paid_at=fact.paid_at,
        charge_ref=fact.charge_ref,
        invoice_ref=fact.invoice_ref,
    )
