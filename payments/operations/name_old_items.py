"""What clearing has held for too long is named, and no longer named when it is back at zero."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from ledger.discrepancies import Found
from ledger.operations.open_exception import Kept, keep_exceptions
from payments.discrepancies import CLEARING_OPEN
from payments.queries import open_items

OPEN_FOR: Final = timedelta(
    days=1
)  # POLICY; the processor settles in seconds, or tells of a bank debit when it is here


def name_old_items(*, now: datetime) -> Kept:
    """Have an exception open for exactly the items of 1040 that are older than OPEN_FOR (DESIGN.md section 1.6)."""
    old = [
        Found(f"{item.ref}:{item.currency}", item.amount_minor, item.currency, f"since {item.since:%Y-%m-%d}")
        for item in open_items()
        if item.since < now - OPEN_FOR
    ]
    return keep_exceptions(CLEARING_OPEN, old, now=now)
