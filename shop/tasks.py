"""The shop's work that waits for the alarm clock."""

from __future__ import annotations

from celery import shared_task

from people import clock
from people.wake import woken
from shop.operations import send_refunds as sending
from shop.operations.sweep_holds import sweep_holds as sweep


@shared_task(name="shop.tasks.sweep_holds", ignore_result=True)
def sweep_holds() -> int:
    """Every minute by the beat: give back what ended checkouts still hold. Returns how many orders were closed."""
    return sweep(now=clock.now())


@shared_task(name=sending.TASK, ignore_result=True)
def send_refunds() -> int:
    """Ask Stripe for the refunds that were written down and not asked yet; also the sweep. Returns how many."""
    woken(sending.TASK)
    return sending.send_refunds(now=clock.now())
