"""The partners' work that waits for the alarm clock."""

from __future__ import annotations

from celery import shared_task

from partners.operations.accrue_waiting import accrue_waiting as accrue
from people import clock


@shared_task(name="partners.tasks.accrue_waiting", ignore_result=True)
def accrue_waiting() -> int:
    """Every minute by the beat: shares net of card fees whose fee is known by now. Returns how many were accrued."""
    return accrue(now=clock.now())
