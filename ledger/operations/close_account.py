"""An account at zero takes no more postings."""

from __future__ import annotations

from enum import StrEnum

from ledger.closing import call


class Outcome(StrEnum):
    CLOSED = "closed"
    ALREADY_CLOSED = "already_closed"


def close_account(*, account_id: int) -> Outcome:
    """Close an account, as a second person approved (propose_account_closing, approve_change).

    Locks every open month, so that nobody is posting to it meanwhile. In a transaction of its own.
    Raises NoSuchAccount, AccountNotZero, NotApproved, ContentChanged, MonthBusy.
    """
    return Outcome.CLOSED if call("ledger_close_account", account_id) else Outcome.ALREADY_CLOSED
