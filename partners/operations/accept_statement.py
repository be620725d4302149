"""A person has seen what a file would do and wants it imported, or does not."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from partners.models import StatementFile, StatementRow
from partners.operations.upload_statement import TASK
from people.models import User
from people.wake import wake


class NotImportable(Exception):
    """The file cannot be imported as it stands; `str(error)` says why."""


@transaction.atomic
def accept_statement(*, file_id: int, by: User, now: datetime) -> StatementFile:
    """Have a checked file imported by a worker. Raises NotImportable."""
    file = StatementFile.objects.select_for_update().defer("content").get(pk=file_id)
    problem = why_not(file)
    if problem:
        raise NotImportable(problem)
    file.state, file.rows_done = StatementFile.State.WANTED, 0
    file.decided_by, file.decided_at = by, now
    file.save(update_fields=["state", "rows_done", "decided_by", "decided_at"])
    wake(TASK)
    return file


@transaction.atomic
def drop_statement(*, file_id: int, by: User, now: datetime) -> StatementFile:
    """Forget the verdicts of a file that nobody wants. What was imported stays. Raises NotImportable."""
    file = StatementFile.objects.select_for_update().defer("content").get(pk=file_id)
    if file.state not in (StatementFile.State.CHECKED, StatementFile.State.UNREADABLE):
        raise NotImportable(f"This file is no longer waiting: {file.get_state_display().lower()}.")
    StatementRow.objects.filter(file=file).delete()
    file.state = StatementFile.State.DROPPED
    file.decided_by, file.decided_at = by, now
    file.save(update_fields=["state", "decided_by", "decided_at"])
    return file


def why_not(file: StatementFile) -> str:
    """Why a file cannot be imported now; empty when it can."""
    if file.state != StatementFile.State.CHECKED:
        return f"This file is not waiting to be imported: {file.get_state_display().lower()}."
    if file.refused_rows:
        count = "1 of the rows" if file.refused_rows == 1 else f"{file.refused_rows} of the rows"
        return f"{count} cannot be read, so nothing was imported."
    if not (file.new_rows or file.doubtful_rows or file.reading.get("says_period")):
        return "Every line of this file is known already. There is nothing to import."
    return ""
