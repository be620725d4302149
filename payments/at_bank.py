"""Where our bank shows Stripe's payouts, asked of the package that keeps its statements (it registers at start-up)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a bank statement, with the pages of it and of its file (empty: there is none)."""

    booked_on: date
    amount_minor: int
    currency: str
    account: str
    file: str
    href: str
    file_href: str


@dataclass(frozen=True, slots=True)
class SeenAtBank:
    """The lines that a payout is or may be; `others` is how many payouts the same lines hold besides it."""

    lines: tuple[Line, ...]
    is_confirmed: bool
    others: int
    href: str


Finder = Callable[[Collection[str]], Mapping[str, SeenAtBank]]
_finders: list[Finder] = []


def register(finder: Finder) -> None:
    """`finder(refs)` answers all payouts ("stripe:payout:po_1") that stand on a statement, in a query or two."""
    if finder not in _finders:
        _finders.append(finder)


def seen_at_bank(refs: Collection[str]) -> dict[str, SeenAtBank]:
    """Those of the payouts that the bank has shown."""
    return {ref: seen for finder in _finders for ref, seen in finder(refs).items()} if refs else {}
