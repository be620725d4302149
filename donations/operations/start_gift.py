"""A visitor who wants to give once is on the way to the payment page, and we hold a row that says so."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from donations.attempts import Intent, check_bounds, take_attempt
from donations.limits import count_attempt
from donations.models import Gift
from donations.operations.open_page import Opened, open_page
from donations.queries import is_open


def start_gift(*, intent: Intent, now: datetime) -> Opened:
    """Commit a pending gift, then open its page; the same form again gives the same page (rules/giving.md 3.3, 3.7).

    Raises FundClosed, AmountOutOfBounds, TooManyAttempts (nothing was asked of Stripe), StripeUnavailable (the same
    form may be sent again), StripeRefused.
    """
    check_bounds(intent, open_now=is_open(intent.fund, now))
    count_attempt(email=intent.email, ip_address=intent.ip_address, now=now)

    def take() -> Gift:
        with transaction.atomic():
            return take_attempt(Gift, intent, now=now)

    return open_page(take, now=now)
