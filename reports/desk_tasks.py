"""What waits for finance in the documents: those that could not be made, and finished ones that nobody published."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Exists, Min, OuterRef, Q
from django.urls import reverse

from partners.desk import DeskTask
from reports.models import Document


def waiting(now: datetime) -> list[DeskTask]:
    """One task for each month with something to do. One query."""
    newer = Document.objects.filter(supersedes=OuterRef("pk"))
    failed = Q(state=Document.State.FAILED)
    unpublished = Q(state=Document.State.READY, final=True, published_at__isnull=True)
    months = (
        Document.objects.filter(failed | unpublished, ~Exists(newer))
        .order_by("period")
        .values("period")
        .annotate(
            failed=Count("pk", filter=failed), unpublished=Count("pk", filter=unpublished), since=Min("requested_at")
        )
    )
    return [task for month in months for task in _tasks(**month)]


def _tasks(*, period: str, failed: int, unpublished: int, since: datetime) -> list[DeskTask]:
    href = f"{reverse('reports:desk_statements')}?month={period}"
    found = []
    if failed:
        found.append(DeskTask(f"Look after {_count(failed)} of {period}", "The file could not be made", since, href))
    if unpublished:
        found.append(DeskTask(f"Publish {_count(unpublished)} of {period}", "The file is ready", since, href))
    return found


def _count(number: int) -> str:
    return f"{number} statement" if number == 1 else f"{number} statements"
