"""The worker's hands for people: mail."""

from __future__ import annotations

import time

from celery import shared_task

from people.operations.queue_mail import TASK
from people.operations.send_mail import Outcome, send_next_mail
from people.wake import wake, woken

WORK_FOR_S = 90  # a slow mail server must not run into the worker's hard limit; the rest waits for the next wake-up


@shared_task(name=TASK, ignore_result=True)
def send_mails() -> int:
    """Send every mail that is due; also the sweep, since due rows are found by themselves. Returns how many went."""
    woken(TASK)
    sent, until = 0, time.monotonic() + WORK_FOR_S
    while (outcome := send_next_mail()) is not Outcome.NOTHING_DUE:
        sent += outcome is Outcome.SENT
        if time.monotonic() > until:
            wake(TASK)
            break
    return sent
