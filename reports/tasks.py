"""The worker's hands for reports: documents."""

from __future__ import annotations

from celery import shared_task

from people.wake import woken
from reports.operations.render_document import Outcome, render_next_document


@shared_task(name="reports.tasks.render_documents", ignore_result=True)
def render_documents() -> int:
    """Make every document that is due; also the sweep, since due rows are found by themselves. Returns how many."""
    woken("reports.tasks.render_documents")
    made = 0
    while (outcome := render_next_document()) is not Outcome.NOTHING_DUE:
        made += outcome is Outcome.READY
    return made
