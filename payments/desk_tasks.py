"""What waits for finance at Stripe's door: events that died, and calls of which nobody knows what came of them."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.urls import reverse

from payments.models import StripeCall, StripeEvent
from people.desk import Counted, DeskTask


def _dead(count: int, since: datetime) -> DeskTask:
    title = "Look after 1 dead Stripe event" if count == 1 else f"Look after {count} dead Stripe events"
    href = f"{reverse('payments_desk:events')}?state=dead"
    return DeskTask(title, "Nothing came of what Stripe told", since, href)


def _unknown(count: int, since: datetime) -> DeskTask:
    title = "Find out about 1 Stripe call" if count == 1 else f"Find out about {count} Stripe calls"
    href = f"{reverse('payments_desk:calls')}?state=unknown"
    return DeskTask(title, "Nobody knows yet what came of it", since, href)


COUNTED: Final = (
    Counted(lambda _: StripeEvent.objects.filter(state=StripeEvent.State.DEAD), "finished_at", _dead),
    Counted(lambda _: StripeCall.objects.filter(state=StripeCall.State.UNKNOWN), "intended_at", _unknown),
)
