"""A monthly gift that another system began is a plan of ours: rows only, and nothing changes at Stripe."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import NAMESPACE_URL, uuid5

from django.db import transaction

from donations.links import hash_of, token_for
from donations.models import Plan, PlanEvent, PlanSubscription
from donations.take_over import PlanVerdict
from payments.operations.adopt_subscription import Outcome as Adoption
from payments.operations.adopt_subscription import adopt_customer, adopt_subscription
from people.models import Supporter
from people.operations.find_or_make_supporter import find_or_make_supporter
from people.operations.give_login import give_login

KIND = "plan"


class Outcome(StrEnum):
    TAKEN_OVER = "taken_over"
    ALREADY_KNOWN = "already_known"
    SECOND_PLAN = "second_plan"


@transaction.atomic
def take_over_plan(*, verdict: PlanVerdict, now: datetime) -> Outcome:
    """Take one subscription over that was found fit; its next paid invoice records a gift like any other plan's.

    1. The supporter of the customer's address, whose row is never edited, and who can sign in. 2. Under their lock: one
    living plan of a supporter and fund, and one plan of a subscription, whoever else runs. 3. The plan as Stripe has
    it: amount, cover, day, next date, since when. No mail: the donor hears of us with their next gift.
    """
    found, fund = verdict.found, verdict.fund
    assert verdict.verdict == "takes" and fund is not None and found.amount_minor is not None
    supporter = find_or_make_supporter(email=found.customer.email, name=found.customer.name, now=now)
    Supporter.objects.select_for_update().get(pk=supporter.pk)
    if PlanSubscription.objects.filter(subscription_ref=found.subscription_ref).exists():
        return Outcome.ALREADY_KNOWN
    if Plan.objects.filter(supporter=supporter, fund=fund, state__in=Plan.LIVING).exists():
        return Outcome.SECOND_PLAN
    key = f"taken_over:{found.subscription_ref}"[:80]
    plan = Plan.objects.create(
        attempt_key=key,
        form_key=uuid5(NAMESPACE_URL, key),
        token_hash=hash_of(token_for(key)),
        supporter=supporter,
        email=found.customer.email,
        name=found.customer.name,
        fund=fund,
        amount_minor=found.amount_minor,
        fee_cover_minor=verdict.cover_minor,
        anchor_day=found.anchor_at.day,
        currency=found.currency,
        state=Plan.State.ACTIVE,
        asked_at=found.created_at,
        started_at=found.started_at,
        next_at=found.next_at,
    )
    adopted = adopt_subscription(subscription_ref=found.subscription_ref, kind=KIND, subject=plan.ref, now=now)
    if adopted is Adoption.ALREADY_ADOPTED:
        transaction.set_rollback(True)  # a rival did it under another supporter's lock: theirs stands
        return Outcome.ALREADY_KNOWN
    PlanSubscription.objects.create(plan=plan, subscription_ref=found.subscription_ref, since=found.started_at)
    PlanEvent.objects.create(plan=plan, kind=PlanEvent.Kind.TAKEN_OVER, at=now)
    adopt_customer(customer_ref=found.customer.customer_ref, supporter=supporter, now=now)
    give_login(supporter=supporter)
    return Outcome.TAKEN_OVER
