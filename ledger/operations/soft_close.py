"""A month takes entries by hand only, or, taken back, every entry again; one person of finance does this."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from ledger.closing import call
from people.models import User


class Outcome(StrEnum):
    DONE = "done"
    ALREADY = "already"


def soft_close(*, yyyymm: int, by: User, now: datetime) -> Outcome:
    """Close a month softly, before it is checked and closed (rules/ledger.md 3c). In a transaction of its own.

    Raises NoSuchMonth, WrongState (it is closing or closed), MonthBusy.
    """
    return Outcome.DONE if call("ledger_soft_close", yyyymm, True, by.pk, now) else Outcome.ALREADY


def lift_soft_close(*, yyyymm: int, by: User, now: datetime) -> Outcome:
    """Take a soft close back. In a transaction of its own. Raises as `soft_close`."""
    return Outcome.DONE if call("ledger_soft_close", yyyymm, False, by.pk, now) else Outcome.ALREADY
