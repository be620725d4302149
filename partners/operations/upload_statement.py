"""A bank's file is here, as a row with a state: it is checked next, and nothing of it is imported yet."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from typing import Final

from django.db import transaction

from partners.bank.readers.text import refuse_too_large
from partners.models import BankAccount, BankStatement, StatementFile
from people.models import User
from people.wake import wake

TASK: Final = "partners.tasks.work_statements"


class AlreadyImported(Exception):
    """This very file was imported before."""


class BadPeriod(ValueError):
    """What a person said of the file cannot be: it ends before it begins."""


@transaction.atomic
def upload_statement(
    *,
    account: BankAccount,
    file_name: str,
    content: bytes,
    by: User,
    now: datetime,
    chosen_format: str = "",
    first_on: date | None = None,
    last_on: date | None = None,
    opening_minor: int | None = None,
    closing_minor: int | None = None,
) -> StatementFile:
    """Keep a file to be checked by a worker. Period and balances are for files that do not say them themselves.

    The same bytes that wait already are given back instead. Raises AlreadyImported, BadPeriod, NotReadable (too large).
    """
    refuse_too_large(content)
    if first_on and last_on and first_on > last_on:
        raise BadPeriod("The last day lies before the first.")
    sha256 = hashlib.sha256(content).hexdigest()
    if BankStatement.objects.filter(account=account, sha256=sha256).exists():
        raise AlreadyImported("This file was imported before.")
    waiting = [StatementFile.State.UPLOADED, StatementFile.State.CHECKED, StatementFile.State.WANTED]
    said = {
        "chosen_format": chosen_format,
        "first_on": first_on,
        "last_on": last_on,
        "opening_minor": opening_minor,
        "closing_minor": closing_minor,
    }
    row = StatementFile.objects.filter(account=account, sha256=sha256, state__in=waiting, **said).first()
    if row is None:
        row = StatementFile.objects.create(
            account=account,
            file_name=file_name[-120:],
            content=content,
            sha256=sha256,
            uploaded_by=by,
            uploaded_at=now,
            **said,
        )
    wake(TASK)
    return row
