"""What does not add up is somebody's to look into."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.db import transaction

from ledger.models import ExceptionEvent
from ledger.models import ReconciliationException as Row
from people.models import User


class Outcome(StrEnum):
    ASSIGNED = "assigned"
    THEIRS_ALREADY = "theirs_already"
    ALREADY_RESOLVED = "already_resolved"


@transaction.atomic
def assign_exception(*, exception_id: int, owner: User | None, by: User, now: datetime) -> Outcome:
    """Give an open exception to somebody, or with None back to everybody; who did it stays in its history.

    Raises ReconciliationException.DoesNotExist.
    """
    row = Row.objects.select_for_update().get(pk=exception_id)
    if row.resolved_at is not None:
        return Outcome.ALREADY_RESOLVED
    if row.owner_id == (owner.pk if owner else None):
        return Outcome.THEIRS_ALREADY
    row.owner = owner
    row.save(update_fields=["owner"])
    kind = ExceptionEvent.Kind.ASSIGNED if owner else ExceptionEvent.Kind.LET_GO
    ExceptionEvent.objects.create(exception=row, kind=kind, owner=owner, by=by, at=now)
    return Outcome.ASSIGNED
