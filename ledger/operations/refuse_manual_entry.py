"""A manual entry is refused, with a reason; it can be put right and proposed again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ledger.manual_entries import ReasonMissing, decide, waiting
from ledger.models import ManualEntry
from people.models import Approval, User


@transaction.atomic
def refuse_manual_entry(*, manual_entry_id: int, by: User, words: str, now: datetime) -> ManualEntry:
    """Refuse a waiting entry; the words are kept below the proposer's. Raises ReasonMissing, NotWaiting, SamePerson."""
    if not words.strip():
        raise ReasonMissing("Say why, so that the next proposal can be right.")
    row, approval = waiting(manual_entry_id, by)
    approval.reason = f"{approval.reason}\n\nRefused: {words.strip()}"
    approval.save(update_fields=["reason"])
    decide(approval, Approval.Decision.REFUSED, by, now)
    return row
