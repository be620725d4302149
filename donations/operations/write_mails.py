"""A donor has heard of what happened, in a mail that gives the amount, the date and what to do; once per fact."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from donations.links import token_for
from donations.models import Gift, GiftRefund, Plan
from partners.queries import shares_of
from people.money import format_minor
from people.operations.queue_mail import queue_mail
from people.queries import local_day, organisation


def thank_for_gift(gift: Gift, *, now: datetime) -> None:
    """Thanks for a gift given once, with where each cent goes."""
    amount = format_minor(gift.charged_minor, gift.currency)
    _send(gift, f"gift:{gift.pk}:thanks", f"Thank you for {amount}", "gift_thanks", context=_of_gift(gift), now=now)


def thank_for_start(plan: Plan, gift: Gift, *, now: datetime) -> None:
    """The first gift of a plan: thanks, the next date, and how to change one's mind."""
    subject = f"Your monthly gift of {format_minor(plan.amount_minor, plan.currency)} has started"
    _send(plan, f"plan:{plan.pk}:started", subject, "plan_started", context=_of_plan(plan) | _of_gift(gift), now=now)


def thank_for_monthly_gift(plan: Plan, gift: Gift, *, now: datetime) -> None:
    """A later gift of a plan."""
    subject = f"Thank you for {format_minor(gift.charged_minor, gift.currency)} this month"
    _send(plan, f"gift:{gift.pk}:thanks", subject, "plan_gift", context=_of_plan(plan) | _of_gift(gift), now=now)


def second_plan_stopped(plan: Plan, gift: Gift, *, now: datetime) -> None:
    """There was a plan for this fund already: this gift is kept, the second plan takes no more."""
    subject = "You already give each month: we stopped the second plan"
    _send(plan, f"plan:{plan.pk}:duplicate", subject, "plan_second", context=_of_plan(plan) | _of_gift(gift), now=now)


def payment_failed(plan: Plan, *, invoice_ref: str, time: str, hard: bool, now: datetime) -> None:
    """A monthly payment failed and Stripe has named its next attempt; `time` is "first" or "again"."""
    subject = f"Your gift of {format_minor(plan.amount_minor, plan.currency)} did not go through"
    context = _of_plan(plan) | {"hard": hard, "retry_on": plan.retry_at and local_day(plan.retry_at)}
    _send(plan, f"plan:{plan.pk}:{invoice_ref}:failed:{time}", subject, "payment_failed", context=context, now=now)


def plan_lapsed(plan: Plan, *, now: datetime) -> None:
    """The last attempt failed: nothing more is taken, and nothing is owed."""
    _send(plan, f"plan:{plan.pk}:lapsed", "Your monthly gift has ended", "plan_lapsed", context=_of_plan(plan), now=now)


def plan_stopped(plan: Plan, *, now: datetime) -> None:
    """The plan is stopped: no further gift is taken."""
    _send(
        plan, f"plan:{plan.pk}:stopped", "Your monthly gift is stopped", "plan_stopped", context=_of_plan(plan), now=now
    )


def gift_refunded(gift: Gift, refund: GiftRefund, *, currency: str, now: datetime) -> None:
    """A part of a gift, or all of it, is on its way back to the donor; or of a payment that was no gift."""
    amount = format_minor(refund.amount_minor, currency)
    context = _of_gift(gift) | {"refund": refund, "amount": amount}
    context["left_minor"] = 0 if refund.aside_of else gift.charged_minor - gift.refunded_minor
    subject = f"We gave {amount} back" if refund.aside_of else f"We gave {amount} of your gift back"
    _send(gift, f"gift:{gift.pk}:{refund.cause_ref}", subject, "gift_refunded", context=context, now=now)


def _send(of: Gift | Plan, key: str, subject: str, template: str, *, context: Mapping[str, Any], now: datetime) -> None:
    """To the supporter; of a payment that was no gift, to whom the form named."""
    to, name = (of.supporter.email, of.supporter.name) if of.supporter else (of.email, of.name)
    if not to:
        return
    queue_mail(
        key=key,
        to=to,
        subject=subject,
        template=f"donations/mail/{template}",
        context={"name": name, "fund": of.fund, **context},
        now=now,
    )


def _of_gift(gift: Gift) -> dict[str, Any]:
    assert gift.paid_at is not None
    shares = shares_of(gift.ref)
    kept_minor = gift.gift_part_minor - sum(share.amount_minor for share in shares)
    return {
        "gift": gift,
        "paid_on": local_day(gift.paid_at),
        "shares": shares,
        "kept_minor": kept_minor,
        "deductible": organisation().deductibility == "deductible_170c",
        "thanks_url": settings.BASE_URL + reverse("donations:thanks", args=[token_for(gift.attempt_key)]),
    }


def _of_plan(plan: Plan) -> dict[str, Any]:
    return {
        "plan": plan,
        "next_on": plan.next_at and local_day(plan.next_at),
        "my_url": settings.BASE_URL + reverse("donations:my"),
        "give_url": settings.BASE_URL + reverse("donations:give"),
    }
