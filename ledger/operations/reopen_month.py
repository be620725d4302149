"""The latest closed month takes entries by hand again; what it was when it was closed stays on record."""

from __future__ import annotations

from datetime import datetime

from ledger.closing import call


def reopen_month(*, yyyymm: int, now: datetime) -> None:
    """Reopen the latest closed month, as a second person approved (propose_reopen, approve_change).

    It comes back softly closed, so that only what finance enters by hand gets in; `lift_soft_close` opens it wholly.
    Its events and snapshots stay, and closing it again writes new ones. In a transaction of its own.
    Raises NoSuchMonth, WrongState, LaterMonthClosed, NotApproved, ContentChanged, MonthBusy.
    """
    call("ledger_reopen", yyyymm, now)
