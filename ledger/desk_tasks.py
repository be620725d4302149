"""What waits for finance in the books: exceptions past their limit."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db.models import QuerySet
from django.urls import reverse

from ledger.models import ReconciliationException
from people.desk import Counted, DeskTask


def _overdue(now: datetime) -> QuerySet[ReconciliationException]:
    return ReconciliationException.objects.filter(resolved_at__isnull=True, due_at__lt=now)


def _settle(count: int, since: datetime) -> DeskTask:
    title = "Settle 1 overdue exception" if count == 1 else f"Settle {count} overdue exceptions"
    href = f"{reverse('ledger_desk:exceptions')}?state=overdue"
    return DeskTask(title, "What does not add up is older than it may be", since, href)


COUNTED: Final = (Counted(_overdue, "due_at", _settle),)
