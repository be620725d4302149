"""A bank's file of ACH returns is read, and what each of its entries would do is known. Nothing is done yet."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from django.db import transaction

from partners.ach_returns import NotReadable, Returned, read_returns
from partners.ach_verdicts import Verdict, verdicts
from partners.models import AchReturnFile, AchReturnRow, BankAccount
from people.models import User

__all__ = ["AlreadyImported", "NotReadable", "check_returns"]


class AlreadyImported(Exception):
    """This very file was taken in before."""


@transaction.atomic
def check_returns(*, account: BankAccount, file_name: str, content: bytes, by: User, now: datetime) -> AchReturnFile:
    """Read a file and keep a verdict for each entry; the same bytes that wait already are given back.

    Raises NotReadable, AlreadyImported; then nothing is kept.
    """
    digest = sha256(content).hexdigest()
    known = AchReturnFile.objects.exclude(state=AchReturnFile.State.DROPPED).filter(sha256=digest).first()
    if known is not None and known.state == AchReturnFile.State.IMPORTED:
        raise AlreadyImported("This file was taken in before.")
    if known is not None:
        return known
    rows = read_returns(content)
    if not rows:
        raise NotReadable("The file is whole and holds no entry.")
    file = AchReturnFile.objects.create(
        account=account, file_name=file_name[-120:], sha256=digest, uploaded_by=by, uploaded_at=now
    )
    AchReturnRow.objects.bulk_create(
        AchReturnRow(
            file=file, line=row.line, trace=row.trace, code=row.code, amount_minor=row.amount_minor, last4=row.last4,
            **fields_of(verdict),
        )
        for row, verdict in zip(rows, verdicts(rows), strict=True)
    )  # fmt: skip
    return file


def fields_of(verdict: Verdict) -> dict[str, object]:
    """A verdict as its row has it."""
    return {"entry": verdict.entry, "verdict": verdict.word, "problem": verdict.problem}


def said_by(row: AchReturnRow) -> Returned:
    """A row as the file said it."""
    return Returned(line=row.line, trace=row.trace, code=row.code, amount_minor=row.amount_minor, last4=row.last4)
