"""A plan whose date has passed without a word is looked at: what Stripe would have told of it may be lost.

Events that are lost are found in Stripe's list of them. One that Stripe never made is in no list, and a subscription or
an invoice of long ago is no new object either: only the plan's own date shows that something is missing.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from donations.models import Plan, PlanSubscription
from payments.operations.follow_subscription import StripeRefused, StripeUnavailable, follow_subscription
from people import clock

SILENT_FOR: Final = timedelta(days=1)  # a renewal is charged about an hour after its date
ASK_AGAIN_AFTER: Final = timedelta(hours=20)
INVOICES_BACK: Final = timedelta(days=40)  # a month's invoice may have been tried again for weeks
log = structlog.get_logger(__name__)


def ask_silent_plans(*, now: datetime, work_for_s: float) -> int:
    """Look at plans that live, or were begun, and should have been heard of; those not asked about for longest first.

    A plan that rests is looked at as well, once a day: its end would be told by nothing else. Trouble with one carrier
    is logged and stops no other, of this plan or another. After `work_for_s` none is begun. Never inside a transaction
    (RuntimeError). Returns how many were answered for.
    """
    until = time.monotonic() + work_for_s
    answered = 0
    for plan in _silent(now).order_by(F("looked_at").asc(nulls_first=True), "pk"):
        if time.monotonic() > until:
            log.warning("silent_plans_take_long", answered=answered)
            break
        if Plan.objects.filter(pk=plan.pk, looked_at=plan.looked_at).update(looked_at=clock.wall_now()):
            answered += _ask(plan, now)
    return answered


def _silent(now: datetime) -> QuerySet[Plan]:
    long_ago = now - SILENT_FOR
    running = PlanSubscription.objects.filter(plan=OuterRef("pk"), ended_at__isnull=True)
    missed = Q(next_at__lt=long_ago) | Q(retry_at__lt=long_ago) | Q(next_at__isnull=True, started_at__lt=long_ago)
    unpaid = Q(state=Plan.State.PENDING, asked_at__lt=long_ago)
    return Plan.objects.filter(
        Exists(running),
        Q(looked_at__isnull=True) | Q(looked_at__lt=clock.wall_now() - ASK_AGAIN_AFTER),
        (Q(state__in=Plan.LIVING) & missed) | unpaid,
    )


def _ask(plan: Plan, now: datetime) -> bool:
    since = min(filter(None, (plan.next_at, plan.retry_at, now))) - INVOICES_BACK
    answered = True
    for carrier in plan.subscriptions.filter(ended_at__isnull=True).order_by("pk"):
        try:
            told = follow_subscription(subscription_ref=carrier.subscription_ref, since=since, now=now)
        except (StripeUnavailable, StripeRefused) as error:
            log.error("silent_plan_not_answered", plan=plan.pk, error=type(error).__name__)
            answered = False
        except Exception:
            log.exception("silent_plan_not_answered", plan=plan.pk)
            answered = False
        else:
            if told:
                log.error("lost_invoices_found", plan=plan.pk, invoices=told)
    return answered
