"""A dead event is tried again, after somebody has mended what killed it."""

from __future__ import annotations

from enum import StrEnum

from payments.models import StripeEvent
from payments.operations.receive_event import TASK
from people import clock
from people.wake import wake


class Outcome(StrEnum):
    REVIVED = "revived"
    NOT_DEAD = "not_dead"


def revive_event(*, event_id: str) -> Outcome:
    """Make a dead event due now, with all its tries before it."""
    revived = StripeEvent.objects.filter(event_id=event_id, state=StripeEvent.State.DEAD).update(
        state=StripeEvent.State.RECEIVED, reason="", failures=0, finished_at=None, next_attempt_at=clock.wall_now()
    )
    if not revived:
        return Outcome.NOT_DEAD
    wake(TASK)
    return Outcome.REVIVED
