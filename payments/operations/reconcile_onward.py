"""Round after round, whatever Stripe made is looked at: each run goes on where the last one was stopped.

A round looks at everything since three days before the end of the last one: events that never came, then objects, a
day of each kind after the other, so that a big account reaches its payouts as surely as its payment pages
(rules/reliability.md rows 6 and 7). What is younger than MINUTES_OLD is left to its own event.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from payments import gateway
from payments.gateway import StripeUnavailable
from payments.models import ReconcileWalk
from payments.operations.reconcile import NOT_LISTED, READERS, Finding, look
from payments.operations.reconcile_events import reconcile_events

BACK: Final = timedelta(days=3)  # Stripe tries for as long to deliver an event
ROUND_EVERY: Final = timedelta(hours=12)
MINUTES_OLD: Final = timedelta(minutes=10)
EVENT: Final = "event"
STEP: Final = timedelta(hours=6)  # of one kind are listed at once, and a day before the next kind has its turn
LEAST: Final = timedelta(minutes=1)  # is listed to its end, however long that takes
SHORTER: Final = 4  # as often into a step that took LIST_FOR_S to list: a day of renewals is walked minute by minute
LIST_FOR_S: Final = 5.0
KINDS: Final = (EVENT, *READERS)
log = structlog.get_logger(__name__)


class _TakesLong(Exception):
    """Stripe lists a step newest first, so a listing that is broken off leaves nothing to go on from."""


@dataclass(frozen=True, kw_only=True)
class Onward:
    """What was found; there is `more` when time ran out before the round did, and it is of use to go on at once."""

    findings: tuple[Finding, ...]
    more: bool


def reconcile_onward(*, now: datetime, work_for_s: float) -> Onward:
    """Begin a round when the last one's end is ROUND_EVERY ago, and go on with it; what was not known is applied.

    After `work_for_s` nothing else is begun, yet every run comes further. A kind that Stripe cannot list is a finding,
    and is listed again by the next run; it stops no other, and when nothing could be listed there is no `more`: a
    Stripe that hangs is not asked without a pause. A step that is long to list is taken in smaller ones. Safe beside
    live traffic and beside itself. Never inside a transaction (RuntimeError).
    """
    deadline = time.monotonic() + work_for_s
    _begin_rounds(now)
    findings: list[Finding] = []
    unlisted: set[str] = set()
    steps = dict.fromkeys(KINDS, STEP)
    came_further = False
    while (walk := _next(unlisted)) is not None:
        step = steps[walk.kind]
        try:
            if walk.kind == EVENT:
                findings += _events(walk, step)
            else:
                findings += _objects(walk, step, now, lambda: time.monotonic() > deadline)
            came_further = True
        except _TakesLong:
            steps[walk.kind] = max(step / SHORTER, LEAST)
            continue  # whatever the time: the next run would not come further either
        except StripeUnavailable:
            unlisted.add(walk.kind)
            findings.append(Finding(kind=walk.kind, object_id="", trouble=NOT_LISTED))
        if time.monotonic() > deadline:
            return Onward(findings=tuple(findings), more=came_further and _next(unlisted) is not None)
    log.info("reconciled_onward", findings=len(findings), unlisted=sorted(unlisted))
    return Onward(findings=tuple(findings), more=False)


def _begin_rounds(now: datetime) -> None:
    until = now - MINUTES_OLD
    walks = ReconcileWalk.objects.in_bulk(KINDS)
    for kind in KINDS:
        walk = walks.get(kind)
        if walk is None:
            ReconcileWalk.objects.get_or_create(kind=kind, defaults={"through": until - BACK, "until": until})
        elif walk.through >= walk.until and walk.until <= until - ROUND_EVERY:
            ended = ReconcileWalk.objects.filter(kind=kind, through=walk.through, until=walk.until)
            ended.update(through=walk.until - BACK, until=until)


def _next(unlisted: set[str]) -> ReconcileWalk | None:
    """The kind that is a day behind the others, else the first in the order of a payment's life."""
    behind = [
        walk
        for walk in ReconcileWalk.objects.filter(kind__in=KINDS)
        if walk.through < walk.until and walk.kind not in unlisted
    ]
    return min(behind, key=lambda walk: (walk.through.date(), KINDS.index(walk.kind)), default=None)


def _events(walk: ReconcileWalk, step: timedelta) -> list[Finding]:
    """Only listed and received: a worker treats them as any other. What no inbox would take is trouble."""
    end = min(walk.through + step, walk.until)
    in_time = _watch(step)
    missed = reconcile_events(since=walk.through, until=end, repair=True, progress=lambda _number: in_time())
    _keep(walk, end)
    return [
        Finding(kind=EVENT, object_id=one.event_id, outcomes=("received",), trouble=one.refused and "refused")
        for one in missed
    ]


def _objects(walk: ReconcileWalk, step: timedelta, now: datetime, late: Callable[[], bool]) -> list[Finding]:
    """A step of one kind, the oldest first, so that `through` is where another run goes on."""
    end = min(walk.through + step, walk.until)
    in_time = _watch(step)
    listed = []
    for one in gateway.client().created(walk.kind, since=walk.through, until=end):
        in_time()
        listed.append(one)
    findings: list[Finding] = []
    through = walk.through
    for object_id, created_at in reversed(listed):
        if created_at > through:  # all that was made before is looked at
            _keep(walk, created_at)
            through = created_at
            if late():
                return findings
        findings += look(walk.kind, object_id, repair=True, now=now)
    _keep(walk, end)
    return findings


def _watch(step: timedelta) -> Callable[[], None]:
    """Call it while a step is listed: raises _TakesLong when that takes too long and a shorter step would help."""
    until = time.monotonic() + LIST_FOR_S

    def in_time() -> None:
        if step > LEAST and time.monotonic() > until:
            raise _TakesLong

    return in_time


def _keep(walk: ReconcileWalk, through: datetime) -> None:
    """Never back, and of this round only: a run that was overtaken changes nothing."""
    ReconcileWalk.objects.filter(kind=walk.kind, until=walk.until, through__lt=through).update(through=through)
