"""The worker's hands for partners: what waits for the alarm clock, and transfers to connected accounts."""

from __future__ import annotations

from celery import shared_task

from partners.operations.accrue_waiting import accrue_waiting as accrue
from partners.operations.send_transfers import TASK
from partners.operations.send_transfers import send_transfers as send
from people import clock
from people.wake import woken


@shared_task(name="partners.tasks.accrue_waiting", ignore_result=True)
def accrue_waiting() -> int:
    """Every minute by the beat: shares net of card fees whose fee is known by now. Returns how many were accrued."""
    return accrue(now=clock.now())


@shared_task(name=TASK, ignore_result=True)
def send_transfers() -> int:
    """Send every transfer that waits; also the sweep, since waiting rows are found by themselves."""
    woken(TASK)
    return send(now=clock.now())
