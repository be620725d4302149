"""Finance knows, once on each day, what has not added up for longer than it may."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from ledger.books import in_words
from ledger.models import ReconciliationException as Row
from people.operations.queue_mail import queue_mail
from people.queries import local_day, organisation

LISTED_MAX: Final = 20


class Outcome(StrEnum):
    TOLD = "told"
    NOTHING_OVERDUE = "nothing_overdue"
    NOBODY_TO_TELL = "nobody_to_tell"


def tell_overdue_exceptions(*, now: datetime) -> Outcome:
    """Mail the organisation's contact the exceptions past their limit, the oldest first, once on each local day."""
    overdue = Row.objects.filter(resolved_at__isnull=True, due_at__lt=now).order_by("due_at", "id")
    count = overdue.count()
    if count == 0:
        return Outcome.NOTHING_OVERDUE
    org = organisation()
    if not org.contact_email:
        return Outcome.NOBODY_TO_TELL
    day = local_day(now, org)
    queue_mail(
        key=f"ledger:overdue:{day.isoformat()}",
        to=org.contact_email,
        subject="1 exception is overdue" if count == 1 else f"{count} exceptions are overdue",
        template="ledger/mail/exceptions_overdue",
        context={"rows": [_line(row) for row in overdue[:LISTED_MAX]], "more": max(count - LISTED_MAX, 0)},
        now=now,
    )
    return Outcome.TOLD


def _line(row: Row) -> str:
    amount = "" if row.amount_minor is None else f", {in_words(row.amount_minor, row.currency)}"
    return f"{row.words}: {row.subject}{amount}, since {row.opened_at:%d %B %Y}"
