"""A person has settled what did not add up, and says how."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.db import transaction

from ledger.models import Entry, ExceptionEvent
from ledger.models import ReconciliationException as Row
from people.models import Note, User

BY_ENTRY = (Row.Resolution.CORRECTED, Row.Resolution.WRITTEN_OFF)


class UnknownResolution(ValueError):
    """Not one of the words by which a person may settle an exception."""


class EntryMissing(ValueError):
    """What was corrected or written off names the entry that did it."""


class ReasonMissing(ValueError):
    """Whoever settles an exception says why, in words."""


class Outcome(StrEnum):
    RESOLVED = "resolved"
    ALREADY_RESOLVED = "already_resolved"


@transaction.atomic
def resolve_exception(
    *, exception_id: int, resolution: str, reason: str, by: User, now: datetime, entry_key: str = ""
) -> Outcome:
    """Close an exception with a word: "explained", or "corrected" or "written_off" by the entry of that key.

    `reason` is kept as a note beside it. It is not opened again while its amount stays the same. The first one to
    settle it counts. Raises UnknownResolution, ReasonMissing, EntryMissing, ReconciliationException.DoesNotExist.
    """
    if resolution not in (Row.Resolution.EXPLAINED, *BY_ENTRY):
        raise UnknownResolution(f"an exception is explained, corrected or written off, not {resolution!r}")
    if not reason.strip():
        raise ReasonMissing("say why it is settled")
    entry = Entry.objects.filter(idempotency_key=entry_key).first() if entry_key else None
    if entry is None and (entry_key or resolution in BY_ENTRY):
        raise EntryMissing(f"there is no entry {entry_key!r}")
    row = Row.objects.select_for_update().get(pk=exception_id)
    if row.resolved_at is not None:
        return Outcome.ALREADY_RESOLVED
    row.resolution, row.resolution_entry, row.resolved_by, row.resolved_at = resolution, entry, by, now
    row.save(update_fields=["resolution", "resolution_entry", "resolved_by", "resolved_at"])
    note = Note.objects.create(subject=f"exception:{row.pk}", words=reason.strip(), by=by, at=now)
    ExceptionEvent.objects.create(exception=row, kind=ExceptionEvent.Kind.RESOLVED, note=note, by=by, at=now)
    return Outcome.RESOLVED
