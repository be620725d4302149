"""Each row of an uploaded file has its verdict: the dry run, which imports nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from django.db import connection, transaction

from partners.bank import readers
from partners.bank.profiles import columns_of
from partners.bank.readers import BadRow, NotReadable, Reading, Row
from partners.bank.verdicts import Verdict, Word, verdicts
from partners.models import BankStatement, StatementFile, StatementRow
from people import clock
from people.queries import local_day

AT_ONCE: Final = 5_000
LEASE: Final = timedelta(seconds=180)


class Outcome(StrEnum):
    CHECKED = "checked"
    UNREADABLE = "unreadable"
    NOT_WAITING = "not_waiting"


def check_statement(*, file_id: int, now: datetime) -> Outcome:
    """Read the file and keep a verdict for every row, some thousand at a time, so that the page shows how far it is.

    A worker that dies in between leaves rows behind that the next one throws away. What cannot be read at all keeps the
    reason. Nothing is imported here.
    """
    file = StatementFile.objects.select_related("account").get(pk=file_id)
    if file.state != StatementFile.State.UPLOADED:
        return Outcome.NOT_WAITING
    StatementRow.objects.filter(file=file).delete()
    after = BankStatement.objects.filter(account=file.account).order_by("-pk").values_list("pk", flat=True).first()
    try:
        reading = _read(file, now)
    except NotReadable as error:
        return _unreadable(file, str(error))
    found = verdicts(file.account, reading.rows)
    file.rows = len(found)
    for begin in range(0, len(found), AT_ONCE):
        _keep(file, found[begin : begin + AT_ONCE])
    return _finish(file, reading, found, after)


def _read(file: StatementFile, now: datetime) -> Reading:
    """The file with what a person said of it; where both say it, they must agree."""
    reading = readers.read(
        bytes(file.content),
        currency=file.account.currency,
        last4=file.account.last4,
        columns=columns_of(file.account),
        chosen=file.chosen_format,
        today=local_day(now),
    )
    _hold_to_its_days(reading, file)
    for name in ("opening", "closing"):
        typed, told = getattr(file, f"{name}_minor"), getattr(reading, f"{name}_minor")
        if typed is not None and told is not None and typed != told:
            raise NotReadable(f"You typed another {name} balance than the file itself has.")
        setattr(reading, f"{name}_minor", told if typed is None else typed)
    readers.check_sum(reading, file.account.currency)
    return reading


def _hold_to_its_days(reading: Reading, file: StatementFile) -> None:
    """A line outside the period that a person names is refused; a file's own period is dropped then: banks err."""
    days = [row.booked_on for row in reading.rows if isinstance(row, Row)]
    first, last = min(days, default=None), max(days, default=None)
    if file.first_on and first and first < file.first_on:
        raise NotReadable(f"You say that the statement begins on {file.first_on}, but it has a line of {first}.")
    if file.last_on and last and last > file.last_on:
        raise NotReadable(f"You say that the statement ends on {file.last_on}, but it has a line of {last}.")
    if first and last and not ((reading.first_on or first) <= first and last <= (reading.last_on or last)):
        reading.first_on = reading.last_on = None
    reading.first_on, reading.last_on = file.first_on or reading.first_on, file.last_on or reading.last_on


def _keep(file: StatementFile, some: Sequence[Verdict]) -> None:
    """A batch of verdicts, and how many there are now; one statement each."""
    with transaction.atomic():
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            for verdict in some:
                copy.write_row(_columns(file, verdict))
        file.rows_done += len(some)
        file.lease_until = clock.wall_now() + LEASE
        file.save(update_fields=["rows", "rows_done", "lease_until"])


def _columns(file: StatementFile, verdict: Verdict) -> tuple[Any, ...]:
    row = verdict.row
    if isinstance(row, BadRow):
        return (file.pk, row.number, None, None, row.text, None, "", "", "", verdict.word.value, row.problem[:200])
    return (
        file.pk,
        row.number,
        row.booked_on,
        row.value_on,
        row.description,
        row.amount_minor,
        row.bank_ref,
        row.reference,
        verdict.dedupe_key,
        verdict.word.value,
        verdict.problem,
    )


def _finish(file: StatementFile, reading: Reading, found: list[Verdict], after: int | None) -> Outcome:
    counts = {word: sum(verdict.word == word for verdict in found) for word in Word}
    file.new_rows, file.known_rows = counts[Word.NEW], counts[Word.KNOWN]
    file.doubtful_rows, file.refused_rows = counts[Word.DOUBTFUL], counts[Word.REFUSED]
    days = [row.booked_on for row in reading.rows if isinstance(row, Row)]
    file.reading = {
        "format": reading.format,
        "says_period": reading.first_on is not None and reading.last_on is not None,
        "first_on": _iso(reading.first_on or min(days, default=reading.last_on)),
        "last_on": _iso(reading.last_on or max(days, default=reading.first_on)),
        "opening_minor": reading.opening_minor,
        "closing_minor": reading.closing_minor,
        "after_statement": after,
    }
    file.state, file.problem, file.lease_until, file.attempts = StatementFile.State.CHECKED, "", None, 0
    file.save(update_fields=[*_COUNTED, "reading", "state", "problem", "lease_until", "attempts"])
    return Outcome.CHECKED


def _unreadable(file: StatementFile, problem: str) -> Outcome:
    file.state, file.problem, file.lease_until = StatementFile.State.UNREADABLE, problem[:400], None
    file.save(update_fields=["state", "problem", "lease_until"])
    return Outcome.UNREADABLE


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


_COUNTED: Final = ("rows", "new_rows", "known_rows", "doubtful_rows", "refused_rows")
_COPY: Final = """
    COPY partners_statementrow (file_id, number, booked_on, value_on, description, amount_minor, bank_ref, reference,
                                dedupe_key, verdict, problem) FROM STDIN
"""
