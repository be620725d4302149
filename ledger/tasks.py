"""The ledger's work that waits for the alarm clock."""

from __future__ import annotations

from celery import shared_task

from ledger.operations.anchor_head import anchor_head
from ledger.operations.seal_entries import seal_all
from people import clock


@shared_task(name="ledger.tasks.seal", ignore_result=True)
def seal() -> int:
    """Every ten seconds by the beat: seal what was committed meanwhile. Returns the last number of the sequence."""
    return seal_all()


@shared_task(name="ledger.tasks.anchor", ignore_result=True)
def anchor() -> str:
    """Every hour by the beat: tell somebody outside the head of the chain, once a day. Returns the outcome."""
    return anchor_head(now=clock.now()).value
