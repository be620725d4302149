"""Entries by hand as two people make them, without the desk."""

from __future__ import annotations

from datetime import datetime

from ledger.drafts import AccountRef, PostingDraft
from ledger.manual_entries import Content
from ledger.models import ManualEntry
from ledger.operations.approve_manual_entry import approve_manual_entry
from ledger.operations.propose_manual_entry import File, propose_manual_entry
from people.models import Approval
from people.queries import local_day
from tests.partners.conftest import person


def book(debit: AccountRef, credit: AccountRef, amount_minor: int, *, now: datetime, about: str = "") -> ManualEntry:
    """One pair of dollars, proposed and approved today."""
    content = Content(
        "reclassification", "Found out.", local_day(now), "usd", (PostingDraft(debit, credit, amount_minor),), about
    )
    number = ManualEntry.objects.count()
    writer = person(f"writes{number}@tassel.example", "finance preparer")
    approver = person(f"reads{number}@tassel.example", "board")
    letter = File("letter.pdf", b"%PDF-1.7 it was a gift")
    row = propose_manual_entry(content=content, files=[letter], by=writer, now=now)
    signed = Approval.objects.get(subject=row.ref, decision="waiting").subject_hash
    approve_manual_entry(manual_entry_id=row.pk, by=approver, content_hash=signed, now=now)
    row.refresh_from_db()
    return row
