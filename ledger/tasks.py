"""The ledger's work that waits for the alarm clock."""

from __future__ import annotations

from celery import shared_task

from ledger.operations.seal_entries import seal_all


@shared_task(name="ledger.tasks.seal", ignore_result=True)
def seal() -> int:
    """Every ten seconds by the beat: seal what was committed meanwhile. Returns the last number of the sequence."""
    return seal_all()
