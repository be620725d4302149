"""Events that Stripe lists and our inbox lacks are named, and when asked to, received (rules/stripe.md section 2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.conf import settings

from payments import gateway, registry
from payments.inbox import Refused, read_listed
from payments.models import StripeEvent
from payments.operations.receive_event import receive_event

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class MissedEvent:
    """An event that never came in, or one whose listed body no inbox would take (then with the reason)."""

    event_id: str
    type: str
    refused: str = ""


def reconcile_events(
    *,
    since: datetime,
    until: datetime,
    repair: bool,
    progress: Callable[[int], None] = lambda number: None,
) -> list[MissedEvent]:
    """Compare Stripe's list of events (30 days back at most) with the inbox; only types that somebody here reads.

    With `repair` the missing ones are received, and a worker treats them as any other. Safe to run twice, and beside
    live traffic. `progress` is told how many were listed. Raises StripeUnavailable.
    """
    missed: list[MissedEvent] = []
    number = 0
    for page in gateway.client().event_pages(since=since, until=until):
        number += len(page)
        progress(number)
        read = {event.id: event for event in page if registry.reader_for(event.type) is not None}
        known = set(StripeEvent.objects.filter(event_id__in=read).values_list("event_id", flat=True))
        missed += [_take(event, repair) for event_id, event in read.items() if event_id not in known]
    log.info("events_reconciled", repair=repair, listed=number, missed=len(missed))
    return missed


def _take(event: gateway.ListedEvent, repair: bool) -> MissedEvent:
    try:
        signed = read_listed(event.to_dict(), livemode=settings.STRIPE_LIVE)
    except Refused as error:
        return MissedEvent(event_id=event.id, type=event.type, refused=str(error))
    if repair:
        receive_event(signed)
    return MissedEvent(event_id=event.id, type=event.type)
