"""The worker's hands for reports: documents."""

from __future__ import annotations

import time

from celery import shared_task

from people import clock
from people.wake import wake, woken
from reports.operations.render_document import Outcome, render_next_document
from reports.operations.request_document import TASK

WORK_FOR_S = 90  # then the rest is left to the next wake-up, well below the worker's hard limit


@shared_task(name=TASK, ignore_result=True)
def render_documents() -> int:
    """Make every document that is due; also the sweep, since due rows are found by themselves. Returns how many."""
    woken(TASK)
    made, until = 0, time.monotonic() + WORK_FOR_S
    while (outcome := render_next_document(now=clock.now())) is not Outcome.NOTHING_DUE:
        made += outcome is Outcome.READY
        if time.monotonic() > until:
            wake(TASK)
            break
    return made
