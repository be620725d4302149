"""A bank's file of ACH returns is read, and what each of its entries would do is known. Nothing is done yet."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from django.db import transaction

from partners.ach_returns import NotReadable, Returned, read_returns
from partners.ach_verdicts import Verdict, verdicts
from partners.models import AchReturnFile, AchReturnRow, BankAccount
from people.models import User

__all__ = ["AlreadyImported", "NotReadable", "OtherAccount", "check_returns"]


class AlreadyImported(Exception):
    """This very file was taken in before."""


class OtherAccount(Exception):
    """This very file waits already, and what it tells of is to come back into another account."""


@transaction.atomic
def check_returns(*, account: BankAccount, file_name: str, content: bytes, by: User, now: datetime) -> AchReturnFile:
    """Read a file and keep a verdict for each entry; the same bytes that wait already are given back.

    Raises NotReadable, AlreadyImported, OtherAccount; then nothing is kept.
    """
    digest = sha256(content).hexdigest()
    if waiting := _waiting(digest, account):
        return waiting
    rows = read_returns(content)
    if not rows:
        raise NotReadable("The file is whole and holds no entry.")
    # The same bytes may have come in by another door meanwhile: the database lets one of them in.
    file, made = AchReturnFile.objects.exclude(state=AchReturnFile.State.DROPPED).get_or_create(
        sha256=digest,
        defaults={"account": account, "file_name": file_name[-120:], "uploaded_by": by, "uploaded_at": now},
    )
    if not made:
        return _same(file, account)
    AchReturnRow.objects.bulk_create(
        AchReturnRow(
            file=file, line=row.line, trace=row.trace, code=row.code, amount_minor=row.amount_minor, last4=row.last4,
            **fields_of(verdict),
        )
        for row, verdict in zip(rows, verdicts(rows), strict=True)
    )  # fmt: skip
    return file


def _waiting(digest: str, account: BankAccount) -> AchReturnFile | None:
    known = AchReturnFile.objects.exclude(state=AchReturnFile.State.DROPPED).filter(sha256=digest).first()
    return known and _same(known, account)


def _same(known: AchReturnFile, account: BankAccount) -> AchReturnFile:
    if known.state == AchReturnFile.State.IMPORTED:
        raise AlreadyImported("This file was taken in before.")
    if known.account_id != account.pk:
        raise OtherAccount(f"This file waits already, for {known.account}. If that is wrong, drop it there first.")
    return known


def fields_of(verdict: Verdict) -> dict[str, object]:
    """A verdict as its row has it."""
    return {"entry": verdict.entry, "verdict": verdict.word, "problem": verdict.problem}


def said_by(row: AchReturnRow) -> Returned:
    """A row as the file said it."""
    return Returned(line=row.line, trace=row.trace, code=row.code, amount_minor=row.amount_minor, last4=row.last4)
