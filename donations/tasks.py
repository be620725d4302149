"""The worker's hands for donations: tell Stripe what is to stop, and what is to go back; ask what became of plans."""

from __future__ import annotations

import structlog
from celery import shared_task

from donations.models import Plan
from donations.operations import confirm_stop
from donations.operations import send_gift_refunds as sending
from donations.operations.ask_silent_plans import ask_silent_plans as ask_silent
from payments.gateway import StripeRefused, StripeUnavailable
from people import clock
from people.wake import woken

WORK_FOR_S = 90  # then the rest is left to the next hour, well below the worker's hard limit
log = structlog.get_logger(__name__)


@shared_task(name=confirm_stop.TASK, ignore_result=True)
def confirm_stops() -> int:
    """Ask Stripe to end the subscriptions of every plan that is over; also the sweep. Returns how many were asked.

    One plan's trouble must not keep the others running: it is logged, and the next sweep takes it up again.
    """
    woken(confirm_stop.TASK)
    stopping = Plan.objects.filter(cancel_requested_at__isnull=False, cancel_confirmed_at__isnull=True)
    asked = 0
    for plan in stopping.order_by("cancel_requested_at", "pk"):
        try:
            asked += confirm_stop.confirm_stop(plan=plan, now=clock.now())
        except (StripeUnavailable, StripeRefused) as error:
            log.error("plan_not_stopped_at_stripe", plan=plan.pk, error=type(error).__name__)
        except Exception:
            log.exception("plan_not_stopped_at_stripe", plan=plan.pk)
    return asked


@shared_task(name=sending.TASK, ignore_result=True)
def send_gift_refunds() -> int:
    """Ask Stripe for the refunds that were written down and not asked yet: the sweep. Returns how many."""
    return sending.send_gift_refunds(now=clock.now())


@shared_task(name="donations.tasks.ask_silent_plans", ignore_result=True)
def ask_silent_plans() -> int:
    """Every hour by the beat: plans whose date has passed in silence, each once a day. Returns how many answered."""
    return ask_silent(now=clock.now(), work_for_s=WORK_FOR_S)
