"""The worker's hands for payments. Both find their work by themselves: losing every message costs seconds, no money."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

import structlog
from celery import shared_task

from payments.operations.find_left_behind import ask_expired_checkouts, ask_unsettled_charges, finish_calls
from payments.operations.process_event import Outcome, process_next_event
from payments.operations.receive_event import TASK
from people import clock
from people.wake import wake, woken

WORK_FOR_S = 90  # then the rest is left to the next wake-up, well below the worker's hard limit
log = structlog.get_logger(__name__)


@shared_task(name=TASK, ignore_result=True)
def process_events() -> int:
    """Work through the events that are due. Returns how many were taken up."""
    woken(TASK)
    taken, until = 0, time.monotonic() + WORK_FOR_S
    while process_next_event(now=clock.now()) is not Outcome.NOTHING_DUE:
        taken += 1
        if time.monotonic() > until:
            wake(TASK)
            break
    return taken


@shared_task(name="payments.tasks.sweep", ignore_result=True)
def sweep() -> None:
    """Every 30 s: events that nobody was woken for or whose worker died, unanswered calls, lost ends, settlement.

    Events come first: a slow processor must not keep them behind questions that can wait.
    """
    process_events()
    now = clock.now()
    for step in (finish_calls, ask_expired_checkouts, ask_unsettled_charges):
        _guarded(step, now)


def _guarded(step: Callable[..., int], now: datetime) -> None:
    try:
        step(now=now)
    except Exception:
        log.exception("sweep_step_failed", step=step.__name__)
