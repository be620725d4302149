"""A close that cannot be finished is taken back: the month is softly closed again."""

from __future__ import annotations

from datetime import datetime

from ledger.closing import call
from people.models import User


def abort_close(*, yyyymm: int, by: User, now: datetime) -> None:
    """Take back a close that was begun and not finished, because something that the month holds cannot be sealed.

    One person does this, as nothing rests on it yet; what was approved is used up, so closing the month takes two
    persons again. Months that were to close along are as they were before. In a transaction of its own.
    Raises NoSuchMonth, WrongState, LaterMonthClosed (it closes along with a later one: abort that), MonthBusy.
    """
    call("ledger_abort_close", yyyymm, by.pk, now)
