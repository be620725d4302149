"""A bank statement's lines are known: the whole file or none of it, and each line once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db import transaction

from partners import bank_csv
from partners.models import BankAccount, BankLine, BankStatement
from partners.operations.propose_matches import propose_matches
from people.models import User
from people.queries import local_day


class AlreadyImported(Exception):
    """This very file was imported before."""


class NothingNew(Exception):
    """Every line of the file is known already from another file."""


class RowsRefused(ValueError):
    """Some rows cannot be read, so nothing was imported; `rows` are those."""

    def __init__(self, rows: Sequence[bank_csv.BadRow]) -> None:
        super().__init__(f"{len(rows)} of the rows cannot be read, so nothing was imported.")
        self.rows = rows


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an import would do with one row."""

    row: bank_csv.Row | bank_csv.BadRow
    word: Literal["new", "known", "refused"]


@transaction.atomic
def import_bank_csv(*, account: BankAccount, file_name: str, content: bytes, by: User, now: datetime) -> BankStatement:
    """Import a file and propose which payouts its lines are. A line known from an overlapping file is left out.

    Raises NotReadable, AlreadyImported, RowsRefused, NothingNew; then nothing was imported.
    """
    # 1. One import of an account at a time.
    account = BankAccount.objects.select_for_update().get(pk=account.pk)
    # 2. All or nothing.
    verdicts = verdicts_of(account, content, now)
    refused = [verdict.row for verdict in verdicts if isinstance(verdict.row, bank_csv.BadRow)]
    if refused:
        raise RowsRefused(refused)
    rows = [verdict.row for verdict in verdicts if verdict.word == "new" and isinstance(verdict.row, bank_csv.Row)]
    if not rows:
        raise NothingNew("Every line of this file is known already.")
    # 3. The statement and its lines.
    statement = BankStatement.objects.create(
        account=account,
        sha256=bank_csv.sha256(content),
        file_name=file_name[:120],
        imported_by=by,
        imported_at=now,
        first_on=min(row.booked_on for row in rows),
        last_on=max(row.booked_on for row in rows),
    )
    BankLine.objects.bulk_create(_line(statement, row) for row in rows)
    # 4. Which payouts they may be.
    propose_matches(by=by, now=now)
    return statement


def verdicts_of(account: BankAccount, content: bytes, now: datetime) -> list[Verdict]:
    """The dry run: what would happen to each row. Writes nothing. Raises NotReadable, AlreadyImported."""
    if BankStatement.objects.filter(account=account, sha256=bank_csv.sha256(content)).exists():
        raise AlreadyImported("This file was imported before.")
    rows = bank_csv.read(account, content, local_day(now))
    keys = [row.dedupe_key for row in rows if isinstance(row, bank_csv.Row)]
    known = set(BankLine.objects.filter(account=account, dedupe_key__in=keys).values_list("dedupe_key", flat=True))
    return [Verdict(row, _word(row, known)) for row in rows]


def _word(row: bank_csv.Row | bank_csv.BadRow, known: set[str]) -> Literal["new", "known", "refused"]:
    if isinstance(row, bank_csv.BadRow):
        return "refused"
    return "known" if row.dedupe_key in known else "new"


def _line(statement: BankStatement, row: bank_csv.Row) -> BankLine:
    return BankLine(
        statement=statement,
        account=statement.account,
        ordinal=row.number,
        booked_on=row.booked_on,
        description=row.description,
        amount_minor=row.amount_minor,
        currency=statement.account.currency,
        dedupe_key=row.dedupe_key,
    )
