"""A bank statement's lines are known and matched: all steps in one call, for callers who need no dry run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from partners.bank.readers import NotReadable
from partners.models import BankAccount, BankStatement, StatementFile, StatementRow
from partners.operations.accept_statement import NotImportable, accept_statement
from partners.operations.check_statement import check_statement
from partners.operations.match_lines import match_lines
from partners.operations.take_in_statement import take_in_statement
from partners.operations.upload_statement import upload_statement
from people.models import User


class RowsRefused(NotImportable):
    """Some rows cannot be read, so nothing was imported; `rows` are the first of those."""

    def __init__(self, words: str, rows: Sequence[StatementRow]) -> None:
        super().__init__(words)
        self.rows = rows


@transaction.atomic
def import_statement(
    *, account: BankAccount, file_name: str, content: bytes, by: User, now: datetime, **said: Any
) -> BankStatement:
    """Upload, check, accept, take in and match. `said` is what `upload_statement` takes besides.

    Raises NotReadable, AlreadyImported, BadPeriod, RowsRefused, NotImportable; then nothing was imported.
    """
    file = upload_statement(account=account, file_name=file_name, content=content, by=by, now=now, **said)
    check_statement(file_id=file.pk, now=now)
    file.refresh_from_db()
    if file.state == StatementFile.State.UNREADABLE:
        raise NotReadable(file.problem)
    try:
        accept_statement(file_id=file.pk, by=by, now=now)
    except NotImportable as error:
        if file.refused_rows:
            refused = file.verdicts.filter(verdict=StatementRow.Verdict.REFUSED)
            raise RowsRefused(str(error), list(refused[:20])) from error
        raise
    take_in_statement(file_id=file.pk, now=now)
    match_lines(now=now)
    StatementFile.objects.filter(pk=file.pk).update(state=StatementFile.State.IMPORTED)
    return BankStatement.objects.get(file=file)
