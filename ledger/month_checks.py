"""What must be true of a month before it is closed: named checks, which the packages above add (rules/ledger.md 3c)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from django.db import transaction

from ledger import books
from ledger.contents import look_at_one_moment
from ledger.operations.seal_entries import ContentMismatch, seal_all


@dataclass(frozen=True, slots=True)
class MonthCheck:
    """A check under its name, as `close_month` takes them.

    `find(202610)` yields one sentence for each thing that keeps the month open; nothing when it may be closed.
    """

    name: str
    find: Callable[[int], Iterable[str]]

    def __call__(self, yyyymm: int) -> Iterator[str]:
        """Each finding, with what it should have been."""
        for finding in self.find(yyyymm):
            yield f"not so: {self.name}: {finding}"


_checks: dict[str, MonthCheck] = {}


def register(*checks: MonthCheck) -> None:
    """Add checks, each under a name that reads as what holds ("the books add up"). One check a name."""
    for check in checks:
        if _checks.get(check.name, check) != check:
            raise ValueError(f"there is another check of months named {check.name!r}")
        _checks[check.name] = check


def registered() -> tuple[MonthCheck, ...]:
    """All checks, in the order of their registration: what closes a month passes them on."""
    return tuple(_checks.values())


def books_add_up(yyyymm: int) -> Iterator[str]:
    """L1 to L13 and every other check of the books, over the whole of them: a fault is often older than it looks.

    Seals first, as the closing would: that beat lags behind is no fault of the month.
    """
    try:
        seal_all()
    except ContentMismatch as mismatch:
        yield f"{mismatch}, and nothing is sealed until it is"
    with transaction.atomic():
        look_at_one_moment()
        for result in books.run():
            for finding in result.findings:
                yield f"{result.name}: {finding}"
            if rest := result.count - len(result.findings):
                yield f"{result.name}: and {rest} more"


CHECKS: Final = (MonthCheck("the books add up", books_add_up),)
