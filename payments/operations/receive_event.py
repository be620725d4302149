"""A signed event is kept, once for its id, and a worker is told."""

from __future__ import annotations

from payments.inbox import SignedEvent
from payments.models import StripeEvent
from people import clock
from people.wake import wake

TASK = "payments.tasks.process_events"


def receive_event(event: SignedEvent) -> None:
    """Store the event unless we have it; at most three SQL statements, no call out (rules/stripe.md section 2)."""
    wall_now = clock.wall_now()
    row = StripeEvent(
        event_id=event.event_id,
        type=event.type,
        api_version=event.api_version,
        livemode=event.livemode,
        account=event.account,
        object_id=event.object_id,
        body=event.body,
        created_at=event.created_at,
        received_at=wall_now,
        next_attempt_at=wall_now,
    )
    StripeEvent.objects.bulk_create([row], ignore_conflicts=True)
    wake(TASK)
