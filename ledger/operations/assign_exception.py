"""What does not add up is somebody's to look into."""

from __future__ import annotations

from enum import StrEnum

from django.db import transaction

from ledger.models import ReconciliationException as Row
from people.models import User


class Outcome(StrEnum):
    ASSIGNED = "assigned"
    ALREADY_RESOLVED = "already_resolved"


@transaction.atomic
def assign_exception(*, exception_id: int, owner: User | None) -> Outcome:
    """Give an open exception to somebody, or with None back to everybody.

    Raises ReconciliationException.DoesNotExist.
    """
    row = Row.objects.select_for_update().get(pk=exception_id)
    if row.resolved_at is not None:
        return Outcome.ALREADY_RESOLVED
    row.owner = owner
    row.save(update_fields=["owner"])
    return Outcome.ASSIGNED
