"""A received event has its effect, or is marked with the reason why it has none; one event's trouble stops no other.

The row's lease is committed before anything is looked up, so that two workers never do one event at once; a worker that
dies leaves a lease that runs out. `attempts` is the fencing token: a worker whose lease was taken over cannot finish.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from django.db import OperationalError, transaction
from django.db.models import Q, QuerySet

from payments import registry, unread
from payments.gateway import StripeUnavailable
from payments.models import StripeEvent
from payments.operations.follow_object import follow_object
from people import clock

LEASE = timedelta(seconds=75)  # longer than one look with all its retries; with the 30 s sweep still under two minutes
FAILURES_MAX = 10
BACK_OFF = timedelta(seconds=5)
BACK_OFF_MAX = timedelta(minutes=15)
log = structlog.get_logger(__name__)


class Outcome(StrEnum):
    DONE = "done"
    IGNORED = "ignored"
    RETRY = "retry"
    DEAD = "dead"
    LEASE_LOST = "lease_lost"
    NOTHING_DUE = "nothing_due"


def process_next_event(*, now: datetime) -> Outcome:
    """Take the oldest event that is due and work on it. NOTHING_DUE when none waits.

    The object is looked up again, so neither the order of events nor the API version of their bodies matters. When
    Stripe or the database is out of reach, the event waits for ever; any other trouble counts, and FAILURES_MAX of it
    make the event dead, with an alert in the log and `revive_event` to try again.
    """
    event = _lease()
    if event is None:
        return Outcome.NOTHING_DUE
    try:
        nothing = _effect(event, now)
    except (StripeUnavailable, OperationalError) as error:
        return _wait(event, error, failures=event.failures)
    except Exception as error:  # noqa: BLE001 - a poison event must not block the others
        return _failed(event, error)
    if nothing:
        return _finish(event, StripeEvent.State.IGNORED, nothing, Outcome.IGNORED)
    return _finish(event, StripeEvent.State.DONE, "", Outcome.DONE)


def _lease() -> StripeEvent | None:
    wall_now = clock.wall_now()
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=wall_now)
    due = StripeEvent.objects.filter(free, state=StripeEvent.State.RECEIVED, next_attempt_at__lte=wall_now)
    with transaction.atomic():
        event = due.select_for_update(skip_locked=True).order_by("next_attempt_at", "id").first()
        if event is not None:
            event.attempts, event.lease_until = event.attempts + 1, wall_now + LEASE
            event.save(update_fields=["attempts", "lease_until"])
    return event


def _effect(event: StripeEvent, now: datetime) -> str:
    """Apply what the event is about; returns why nothing was done, or ""."""
    if event.account:
        return _effect_of_account(event, now)
    reader = registry.reader_for(event.type)
    if reader is None:
        if unread.moves_money(event.type):
            log.error("stripe_money_not_followed", event_id=event.event_id, type=event.type, object_id=event.object_id)
        return registry.reason_for(event.type)
    object_id = registry.object_of(event.type, event.object_id)
    return follow_object(reader=reader, object_id=object_id, at=event.created_at, now=now).nothing


def _effect_of_account(event: StripeEvent, now: datetime) -> str:
    """What happens in a partner's own account is theirs; only how the account itself stands is ours to know."""
    reader = registry.account_reader_for(event.type)
    if reader is None:
        return "about a connected account, not ours"
    followed = follow_object(reader=reader, object_id=event.account, at=event.created_at, now=now)
    return "" if followed.outcomes else followed.nothing or "about an account that we did not ask for"


def _wait(event: StripeEvent, error: Exception, *, failures: int) -> Outcome:
    wait: timedelta = min(BACK_OFF * 2 ** min(event.put_off, 10), BACK_OFF_MAX)
    log.warning("stripe_event_waits", event_id=event.event_id, type=event.type, error=type(error).__name__)
    kept = _mine(event).update(
        lease_until=None,
        failures=failures,
        put_off=event.put_off + 1,
        next_attempt_at=clock.wall_now() + wait,
        reason=_reason(error),
    )
    return Outcome.RETRY if kept else Outcome.LEASE_LOST


def _failed(event: StripeEvent, error: Exception) -> Outcome:
    log.warning("stripe_event_failed", event_id=event.event_id, type=event.type, exc_info=True)
    if event.failures + 1 < FAILURES_MAX:
        return _wait(event, error, failures=event.failures + 1)
    log.error("stripe_event_dead", event_id=event.event_id, type=event.type, object_id=event.object_id)
    return _finish(event, StripeEvent.State.DEAD, _reason(error), Outcome.DEAD)


def _finish(event: StripeEvent, state: StripeEvent.State, reason: str, outcome: Outcome) -> Outcome:
    kept = _mine(event).update(state=state, reason=reason[:300], lease_until=None, finished_at=clock.wall_now())
    log.info("stripe_event_finished", event_id=event.event_id, type=event.type, state=str(state), reason=reason[:300])
    return outcome if kept else Outcome.LEASE_LOST


def _mine(event: StripeEvent) -> QuerySet[StripeEvent]:
    return StripeEvent.objects.filter(pk=event.pk, attempts=event.attempts, state=StripeEvent.State.RECEIVED)


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]
