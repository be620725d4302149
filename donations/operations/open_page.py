"""An attempt to give has its page at the payment provider, and no earlier page of the same form stays open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from donations.attempts import CHECKOUT_OPEN, overtaken_by
from donations.links import token_for
from donations.models import Gift, Plan, PlanEvent
from payments.operations.expire_checkout import Outcome as Expiry
from payments.operations.expire_checkout import expire_checkout
from payments.operations.open_checkout import (
    CheckoutClosed,
    CheckoutLine,
    CheckoutRequest,
    StripeRefused,
    open_checkout,
)

KEY_USELESS = ("never_arrived", "attempt_failed")  # the call made nothing, and will not under its key


@dataclass(frozen=True, slots=True)
class Opened:
    """Where the donor goes next: Stripe's page, or our thanks page when this very form has been paid."""

    ref: str
    url: str


def open_page(take: Callable[[], Gift | Plan], *, now: datetime) -> Opened:
    """Open the page of the attempt that `take` commits. Outside any transaction.

    What Stripe will never open is given up, so that the same form makes a new attempt; at once, when only the call's
    key was of no use any more. Raises StripeUnavailable (trying the same form again is safe) and StripeRefused.
    """
    try:
        return _open(take(), now)
    except StripeRefused as refused:
        if refused.code not in KEY_USELESS:
            raise
    return _open(take(), now)


def _open(attempt: Gift | Plan, now: datetime) -> Opened:
    """Close the same form's older pages, then open this attempt's one.

    Every value sent follows from the row, so that a repeated form gets the same page. When an earlier page of this
    form was paid meanwhile, nobody is asked to pay again.
    """
    if attempt.state != "pending":
        return Opened(attempt.ref, _link("thanks", attempt))
    for earlier in overtaken_by(attempt):
        if expire_checkout(subject=earlier.ref, now=now) is Expiry.ALREADY_PAID:
            type(attempt).objects.filter(pk=attempt.pk, state="pending").update(state="expired")
            return Opened(earlier.ref, _link("thanks", earlier))
    try:
        opened = open_checkout(request=_request(attempt), now=now)
    except CheckoutClosed:
        return Opened(attempt.ref, _link("thanks", attempt))
    except StripeRefused:
        _give_up(attempt, now)
        raise
    return Opened(attempt.ref, opened.url)


@transaction.atomic
def _give_up(attempt: Gift | Plan, now: datetime) -> None:
    """Only while it waits: what was told of it meanwhile stands."""
    if isinstance(attempt, Gift):
        Gift.objects.filter(pk=attempt.pk, state="pending").update(state="failed")
    elif Plan.objects.filter(pk=attempt.pk, state="pending").update(state="expired", ended_at=now):
        PlanEvent.objects.create(plan=attempt, kind=PlanEvent.Kind.EXPIRED, word="refused", at=now)


def _request(attempt: Gift | Plan) -> CheckoutRequest:
    monthly = isinstance(attempt, Plan)
    amount_minor = attempt.amount_minor if isinstance(attempt, Plan) else attempt.charged_minor
    name = f"{'Monthly gift' if monthly else 'Gift'} to {attempt.fund.name}"
    return CheckoutRequest(
        kind="plan" if monthly else "gift",
        subject=attempt.ref,
        mode="subscription" if monthly else "payment",
        currency=attempt.currency,
        lines=[CheckoutLine(name=name, amount_minor=amount_minor)],
        interval="month" if monthly else "",
        email=attempt.email,
        success_url=_link("thanks", attempt) + "?session={CHECKOUT_SESSION_ID}",
        cancel_url=_link("cancelled", attempt),
        expires_at=attempt.asked_at + CHECKOUT_OPEN,
        attempt_key=f"{attempt.ref}:checkout",
        metadata={},
    )


def _link(page: str, attempt: Gift | Plan) -> str:
    return settings.BASE_URL + reverse(f"donations:{page}", args=[token_for(attempt.attempt_key)])
