"""What must be true of a month before it is closed: named checks, which the packages above add (rules/ledger.md 3c)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from hashlib import sha256
from typing import Final

from django.db import transaction

from ledger import books
from ledger.contents import look_at_one_moment
from ledger.exports.trial_balance import trial_balance_csv
from ledger.models import ReconciliationException, TrialBalanceExport
from ledger.operations.seal_entries import ContentMismatch, seal_all
from people.queries import days_of, local_day, organisation


@dataclass(frozen=True, slots=True)
class Figures:
    """What a check counted while it looked, as a table in words; the first column names the row."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def cells(self) -> list[list[tuple[str, str]]]:
        """Each row's words beside what their column is called."""
        return [list(zip(self.head, row, strict=True)) for row in self.rows]


@dataclass(frozen=True, slots=True)
class MonthCheck:
    """A check under its name, as `close_month` takes them.

    `find(202610)` yields one sentence for each thing that keeps the month open, none when it may be closed, and the
    figures that a reader wants beside them, if any. `worklist` is a URL name as text, with or without the month as
    its argument, because its page may lie in a package above. `code` is the invariant that it looks at ("L9").
    """

    name: str
    find: Callable[[int], Iterable[str | Figures]]
    worklist: str = ""  # the name of the address where its findings are worked on
    code: str = ""
    of_the_books: bool = False  # true of the whole books, not of the month alone

    def __call__(self, yyyymm: int) -> Iterator[str]:
        """Each finding, with what it should have been."""
        for finding in self.find(yyyymm):
            if isinstance(finding, str):
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


def invariant(code: str) -> Callable[[int], Iterator[str]]:
    """What the checks of the books under one code find, over the whole of them: a fault is often older than it looks.

    Each code is looked at as of one moment, and each check runs once for a month, as in the nightly run.
    """

    def find(yyyymm: int) -> Iterator[str]:
        if code == "L4":
            yield from _sealed_first()
        with transaction.atomic():
            look_at_one_moment()
            for result in books.run(code):
                for finding in result.findings:
                    yield f"{result.name}: {finding}"
                if rest := result.count - len(result.findings):
                    yield f"{result.name}: and {rest} more"

    return find


def _sealed_first() -> Iterator[str]:
    """As the closing would seal: that beat lags behind is no fault of the month."""
    try:
        seal_all()
    except ContentMismatch as mismatch:
        yield f"{mismatch}, and nothing is sealed until it is"


def no_exception_overdue(yyyymm: int) -> Iterator[str]:
    """Nothing that should have been explained by the month's end is still open."""
    _, last_day = days_of(yyyymm)
    after = datetime.combine(last_day + timedelta(days=1), time(), organisation().zone)
    for row in ReconciliationException.objects.filter(resolved_at=None, due_at__lt=after).order_by("due_at", "id"):
        yield f"{row.kind} of {row.subject} was due on {local_day(row.due_at)}"


def trial_balance_exported(yyyymm: int) -> Iterator[str]:
    """Somebody took the trial balance out, and nothing has changed it since."""
    exported = TrialBalanceExport.objects.filter(period=yyyymm).order_by("-pk").first()
    if exported is None:
        yield "nobody has exported it"
    elif exported.sha256 != sha256(trial_balance_csv(yyyymm)).hexdigest():
        yield f"entries of {local_day(exported.at)} or later have changed it: export it again"


OF_THE_BOOKS: Final = (
    ("L1", "debits equal credits in each currency", ""),
    ("L2", "each entry is as it was posted", ""),
    ("L3", "closed months add up, and so does each balance", ""),
    ("L4", "each entry is sealed, and the chain of seals holds", ""),
    ("L5", "each Stripe balance transaction has exactly one entry", "ledger_desk:exceptions"),
    ("L6", "the Stripe balance in the books is what Stripe says", "partners:desk_bank_three_way"),
    ("L7", "each Stripe payout is the sum of its parts", "ledger_desk:exceptions"),
    ("L8", "clearing, cash on its way and the bank are explained", "partners:desk_bank_three_way"),
    ("L9", "each partner is owed what was allocated less what was taken back and paid", "partners:why_partners"),
    ("L10", "of each share is taken back what its refunds ask, never more than it was", "partners:why_partners"),
    ("L11", "each payout to a partner is the sum of its items", "partners:desk_payouts"),
    ("L12", "each order and gift stands in the books with all its parts", ""),
    ("L13", "each published statement is still what the books say", "reports:desk_statements"),
    ("", "whatever else the books check of themselves", ""),
)
CHECKS: Final = (
    MonthCheck("no exception is older than its limit", no_exception_overdue, "ledger_desk:exceptions"),
    MonthCheck("the trial balance is exported", trial_balance_exported),
    *(MonthCheck(name, invariant(code), worklist, code, True) for code, name, worklist in OF_THE_BOOKS),
)
