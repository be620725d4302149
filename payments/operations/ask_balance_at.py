"""What the processor held for us at an earlier moment is known: its balance now, less all that it booked since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from payments import gateway

LOOKS_MAX: Final = 10


class StillMoving(Exception):
    """Money kept coming in while we asked: ask again in a quieter minute."""


def ask_balance_at(*, moment: datetime) -> Mapping[str, int]:
    """Currency -> available and pending together, in minor units, just before `moment` (aware).

    Listed, asked, listed again: an answer counts when both listings are the same. Writes nothing. Never inside a
    transaction (RuntimeError). Raises StripeUnavailable, StillMoving.
    """
    before = _booked_since(moment)
    for _ in range(LOOKS_MAX):
        balance = gateway.client().balance()
        after = _booked_since(moment)
        if after == before:
            held = Counter({one.currency: 0 for one in balance.available})
            for available in balance.available:
                held[available.currency] += available.amount
            for pending in balance.pending:
                held[pending.currency] += pending.amount
            held.subtract(after[1])
            return dict(sorted(held.items()))
        before = after
    raise StillMoving(f"{LOOKS_MAX} times in a row")


def _booked_since(moment: datetime) -> tuple[int, Counter[str]]:
    """How many balance transactions there are from the moment on, and their net by currency."""
    number, net = 0, Counter[str]()
    for page in gateway.client().balance_transaction_pages(since=moment):
        number += len(page)
        for one in page:
            net[one.currency] += one.net
    return number, net
