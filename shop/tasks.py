"""The shop's work that waits for the alarm clock."""

from __future__ import annotations

from celery import shared_task

from people import clock
from shop.operations.sweep_holds import sweep_holds as sweep


@shared_task(name="shop.tasks.sweep_holds", ignore_result=True)
def sweep_holds() -> int:
    """Every minute by the beat: give back what ended checkouts still hold. Returns how many orders were closed."""
    return sweep(now=clock.now())
