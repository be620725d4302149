"""A signed event is kept, once for its id, and a worker is told."""

from __future__ import annotations

from typing import Final

from django.db import connection

from payments.inbox import SignedEvent
from people import clock
from people.wake import wake

TASK = "payments.tasks.process_events"


# By hand and outside a transaction: one round trip and one commit for each event of a burst, where the ORM takes three.
_INSERT: Final = """
INSERT INTO payments_stripeevent
    (event_id, type, api_version, livemode, account, object_id, body, created_at, received_at, next_attempt_at,
     state, reason, attempts, failures)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'received', '', 0, 0)
    ON CONFLICT (event_id) DO NOTHING
"""


def receive_event(event: SignedEvent) -> None:
    """Store the event unless we have it; at most three SQL statements, no call out (rules/stripe.md section 2)."""
    wall_now = clock.wall_now()
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            [
                *(event.event_id, event.type, event.api_version, event.livemode, event.account, event.object_id),
                *(event.body, event.created_at, wall_now, wall_now),
            ],
        )
    wake(TASK)
