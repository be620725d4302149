"""A file's lines are in: the whole file or none of it, and each line once."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Final

from django.db import connection, transaction

from ledger.discrepancies import Found
from ledger.operations.open_exception import open_exceptions
from partners.bank.discrepancies import DUPLICATE
from partners.bank.verdicts import Word
from partners.models import BankAccount, BankLine, BankStatement, StatementFile, StatementRow
from partners.operations.name_statement_differences import name_statement_differences

IMPORTED: Final = (Word.NEW, Word.DOUBTFUL)


class Outcome(StrEnum):
    IMPORTED = "imported"
    OVERTAKEN = "overtaken"
    NOT_WANTED = "not_wanted"


@transaction.atomic
def take_in_statement(*, file_id: int, now: datetime) -> Outcome:
    """Import a file that was checked and accepted, in a handful of statements however many lines it has.

    If another file of the account came in since the check, the verdicts may be wrong: the file goes back to be checked.
    Lines that may be duplicates come in and are named as exceptions; so are gaps and balances that do not meet.
    """
    # 1. One import of an account at a time; the file's state again under the lock.
    file = StatementFile.objects.select_for_update(of=("self",)).defer("content").get(pk=file_id)
    account = BankAccount.objects.select_for_update().get(pk=file.account_id)
    if file.state != StatementFile.State.WANTED:
        return Outcome.NOT_WANTED
    latest = account.statements.order_by("-pk").values_list("pk", flat=True).first()
    if latest != file.reading["after_statement"]:
        file.state, file.rows_done, file.lease_until = StatementFile.State.UPLOADED, 0, None
        file.save(update_fields=["state", "rows_done", "lease_until"])
        return Outcome.OVERTAKEN
    # 2. The statement and its lines.
    statement = _statement(file, now)
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_IN, [statement.pk, account.pk, account.currency, file.pk, [*map(str, IMPORTED)]])
    # 3. What does not look right about them.
    _name_doubtful(file, now)
    name_statement_differences(now=now)
    # 4. The verdicts have done their work.
    StatementRow.objects.filter(file=file).delete()
    file.state, file.rows_done, file.lease_until, file.attempts = StatementFile.State.MATCHING, 0, None, 0
    file.save(update_fields=["state", "rows_done", "lease_until", "attempts"])
    return Outcome.IMPORTED


def _statement(file: StatementFile, now: datetime) -> BankStatement:
    said = file.reading
    return BankStatement.objects.create(
        account_id=file.account_id,
        file=file,
        sha256=file.sha256,
        format=said["format"],
        file_name=file.file_name,
        imported_by_id=file.decided_by_id or file.uploaded_by_id,
        imported_at=now,
        first_on=date.fromisoformat(said["first_on"]),
        last_on=date.fromisoformat(said["last_on"]),
        says_period=said["says_period"],
        opening_minor=said["opening_minor"],
        closing_minor=said["closing_minor"],
    )


def _name_doubtful(file: StatementFile, now: datetime) -> None:
    doubtful = dict(file.verdicts.filter(verdict=Word.DOUBTFUL).values_list("dedupe_key", "problem"))
    lines = BankLine.objects.filter(account_id=file.account_id, dedupe_key__in=list(doubtful))
    open_exceptions(
        DUPLICATE,
        [Found(line.ref, line.amount_minor, line.currency, doubtful[line.dedupe_key]) for line in lines],
        now=now,
    )


_TAKE_IN: Final = """
    INSERT INTO partners_bankline (statement_id, account_id, currency, ordinal, booked_on, value_on, description,
                                   amount_minor, bank_ref, reference, dedupe_key)
    SELECT %s, %s, %s, number, booked_on, value_on, description, amount_minor, bank_ref, reference, dedupe_key
      FROM partners_statementrow
     WHERE file_id = %s AND verdict = ANY(%s)
     ORDER BY id
"""
