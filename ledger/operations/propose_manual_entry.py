"""A manual entry waits for a second person, with its reason and the documents that show why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from ledger.manual_entries import Content, ask_for_approval, refuse_unfit, rehearse, take_over
from ledger.models import ManualEntry
from people.models import User
from people.operations.attach_file import attach_file

__all__ = ["AlreadyProposed", "Content", "File", "propose_manual_entry", "put_forward"]


@dataclass(frozen=True, slots=True)
class File:
    """A document handed in: what it is called and its bytes."""

    name: str
    content: bytes


class AlreadyProposed(Exception):
    """The form was sent before: what it proposed is `row`."""

    def __init__(self, row: ManualEntry) -> None:
        self.row = row
        super().__init__(f"This form was sent before: it proposed {row.ref}, once.")


@transaction.atomic
def propose_manual_entry(
    *, content: Content, files: Sequence[File], by: User, now: datetime, form_key: str = ""
) -> ManualEntry:
    """Propose an entry of any pairs of accounts (rules/ledger.md section 5 "Manual adjustment").

    Nothing is in the books until another person approves exactly this content, the words and the documents included.
    Raises ReasonMissing, AttachmentMissing, NotAttachable, DayAhead, MonthClosed, NotByHand, and what `post_entry`
    raises for postings that could never be posted; then nothing was written. A `form_key` proposes once, also when it
    comes twice at the same moment: AlreadyProposed.
    """
    row = ManualEntry(proposed_by=by, proposed_at=now, form_key=form_key)
    try:
        with transaction.atomic():
            return put_forward(row, content, files, by=by, now=now)
    except IntegrityError:
        known = ManualEntry.objects.filter(form_key=form_key).first() if form_key else None
        if known is None:
            raise
        raise AlreadyProposed(known) from None


def put_forward(row: ManualEntry, content: Content, files: Sequence[File], *, by: User, now: datetime) -> ManualEntry:
    """Save the row with this content and have it wait for approval; inside the caller's transaction."""
    refuse_unfit(content, now)
    take_over(row, content)
    row.save()
    row.edits.create(by=by, at=now)
    rehearse(row, by=by, now=now)
    for file in files:
        attach_file(subject=row.ref, name=file.name, content=file.content, by=by, now=now)
    ask_for_approval(row, content.words, by=by, now=now)
    return row
