"""A month takes entries by hand only, or, taken back, every entry again; one person of finance does this."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from ledger.closing import call
from people.models import Note, User


class Outcome(StrEnum):
    DONE = "done"
    ALREADY = "already"


def soft_close(*, yyyymm: int, by: User, now: datetime, reason: str = "") -> Outcome:
    """Close a month softly, before it is checked and closed (rules/ledger.md 3c). In a transaction of its own.

    The reason is a note under `month_subject`, of the same moment as the event.
    Raises NoSuchMonth, WrongState (it is closing or closed), MonthBusy.
    """
    if not call("ledger_soft_close", yyyymm, True, by.pk, now):
        return Outcome.ALREADY
    if reason:
        Note.objects.create(subject=month_subject(yyyymm), words=reason, by=by, at=now)
    return Outcome.DONE


def month_subject(yyyymm: int) -> str:
    """What notes about a month name it by."""
    return f"month:{yyyymm}"


def lift_soft_close(*, yyyymm: int, by: User, now: datetime) -> Outcome:
    """Take a soft close back. In a transaction of its own. Raises as `soft_close`."""
    return Outcome.DONE if call("ledger_soft_close", yyyymm, False, by.pk, now) else Outcome.ALREADY
