"""What an adopted subscription paid between the beginning of the books and its adoption has been told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from payments.models import AdoptedSubscription
from payments.operations.follow_subscription import follow_subscription
from people.queries import books_begin_at

ALREADY_OPEN: Final = timedelta(days=40)  # an invoice may have been made before the books began and paid after


def behind() -> list[str]:
    """The adopted subscriptions that nobody has caught up with yet, as after a crash."""
    return list(
        AdoptedSubscription.objects.filter(caught_up_at__isnull=True)
        .order_by("pk")
        .values_list("subscription_id", flat=True)
    )


def catch_up_subscription(*, subscription_ref: str, now: datetime) -> int:
    """Look at the subscription and at each invoice of it since the books began; how many of them were new here.

    Each look is applied by the same operations and under the same locks as its event, so it may run beside live
    traffic and again. Never inside a transaction (RuntimeError). Raises StripeUnavailable, StripeRefused.
    """
    since = (books_begin_at() or now) - ALREADY_OPEN
    told = follow_subscription(subscription_ref=subscription_ref, since=since, now=now)
    AdoptedSubscription.objects.filter(subscription_id=subscription_ref, caught_up_at__isnull=True).update(
        caught_up_at=now
    )
    return told
