"""A dead event is tried again, after somebody has mended what killed it."""

from __future__ import annotations

from enum import StrEnum

import structlog
from django.db import transaction

from payments.models import StripeEvent
from payments.operations.receive_event import TASK
from people import clock
from people.models import User
from people.operations.note_change import note_change
from people.wake import wake

log = structlog.get_logger(__name__)


class Outcome(StrEnum):
    REVIVED = "revived"
    NOT_DEAD = "not_dead"


@transaction.atomic
def revive_event(*, event_id: str, by: User) -> Outcome:
    """Make a dead event due now, with all its tries before it; `by` asked for it, which the history tells."""
    revived = StripeEvent.objects.filter(event_id=event_id, state=StripeEvent.State.DEAD).update(
        state=StripeEvent.State.RECEIVED,
        reason="",
        failures=0,
        put_off=0,
        finished_at=None,
        next_attempt_at=clock.wall_now(),
    )
    if not revived:
        return Outcome.NOT_DEAD
    event = StripeEvent.objects.get(event_id=event_id)
    note_change(row=event, fields=["state"], by=by, is_new=False)
    log.info("stripe_event_revived", event_id=event_id, by=by.pk)
    wake(TASK)
    return Outcome.REVIVED
