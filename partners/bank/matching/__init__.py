"""Which lines and which payouts are the same: in the order of rules/ledger.md 7, strongest rule first.

Plain data in, plain data out: no query, and no step that compares every line with every payout.
"""

from __future__ import annotations

from collections.abc import Sequence

from partners.bank.matching import by_amount, by_id, by_sum
from partners.bank.matching.candidates import Differs, Found, Left, Line, Payout, Same

__all__ = ["Differs", "Found", "Line", "Payout", "Same", "pair"]


def pair(lines: Sequence[Line], payouts: Sequence[Payout]) -> Found:
    """Everything that fits, each line and payout in one `Same` or `Differs` at most; equal candidates are in none."""
    found, left = Found(), Left({line.pk: line for line in lines}, {payout.key: payout for payout in payouts})
    by_id.find(left, found)
    worded = by_amount.worded(left)
    by_amount.find(left, found, worded)
    by_sum.find(left, found, worded)
    by_amount.find_near(left, found, worded)
    by_amount.find_without_word(left, found, worded)
    return found
