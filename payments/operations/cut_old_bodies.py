"""What Stripe sent and what we sent is cut to ids, amounts and a hash, 90 days after it was done."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from payments.cutting import cut_params, cut_text
from payments.models import StripeCall, StripeEvent
from people import clock

KEPT_FOR: Final = timedelta(days=90)
AT_ONCE: Final = 500


def cut_old_bodies() -> int:
    """Cut everything that is due, AT_ONCE rows in a transaction. Returns how many rows were cut; none the next time.

    A dead event is done too: trying it again looks its object up and needs no body. Ages by wall time, as the rows
    have it (DESIGN.md section 1.14).
    """
    before = clock.wall_now() - KEPT_FOR
    cut = 0
    for batch in (_cut_events, _cut_calls):
        while number := batch(before):
            cut += number
    return cut


@transaction.atomic
def _cut_events(before: datetime) -> int:
    due = StripeEvent.objects.filter(finished_at__lt=before, cut_at__isnull=True).order_by("finished_at")
    events = list(due.select_for_update(skip_locked=True)[:AT_ONCE])
    for event in events:
        event.body, event.cut_at = cut_text(event.body), clock.wall_now()
    StripeEvent.objects.bulk_update(events, ["body", "cut_at"])
    return len(events)


@transaction.atomic
def _cut_calls(before: datetime) -> int:
    due = StripeCall.objects.filter(finished_at__lt=before, cut_at__isnull=True).order_by("finished_at")
    calls = list(due.select_for_update(skip_locked=True)[:AT_ONCE])
    for call in calls:
        call.params, call.cut_at = cut_params(call.params), clock.wall_now()
    StripeCall.objects.bulk_update(calls, ["params", "cut_at"])
    return len(calls)
