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
class MonthCheck:
    """A check under its name, as `close_month` takes them.

    `find(202610)` yields one sentence for each thing that keeps the month open; nothing when it may be closed.
    `worklist` is a URL name as text, because its page may lie in a package above.
    """

    name: str
    find: Callable[[int], Iterable[str]]
    worklist: str = ""  # the name of the address where its findings are worked on

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


CHECKS: Final = (
    MonthCheck("the books add up", books_add_up),
    MonthCheck("no exception is older than its limit", no_exception_overdue, "ledger_desk:exceptions"),
    MonthCheck("the trial balance is exported", trial_balance_exported),
)
