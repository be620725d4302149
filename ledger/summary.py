"""What a controller wants to see beside the checks: how much is in the books, what stands where, what is open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import connection

from ledger import books
from ledger.accounts import CHART, Type
from ledger.models import Account, BooksRun, Period, ReconciliationException
from ledger.queries import trial_balance

BALANCE_SHEET: Final = (Type.ASSET, Type.LIABILITY)


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is; `waiting` entries have no place in the sequence yet."""

    entries: int
    postings: int
    sealed: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Balance:
    """A line of the chart, all its owners together, debit-positive in minor units."""

    code: str
    name: str
    type: str
    currency: str
    balance_minor: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The books at a moment. `closed_through` is the last closed month, `soft_closed` those that only finance may use,
    `last_night` the day of the last nightly run and how many of its checks failed.

    `balances` are what we have and owe, then in one line all that is ours: they add up to zero in each currency.
    """

    at: datetime
    counts: Counts
    closed_through: int | None
    soft_closed: list[int]
    last_night: tuple[date, int] | None
    balances: list[Balance]
    open_items: dict[str, list[books.OpenItem]]


def summary(now: datetime) -> Summary:
    """The books as they stand; `now` is what ages are counted to."""
    months = Period.objects.order_by("yyyymm")
    return Summary(
        at=now,
        counts=_counts(),
        closed_through=months.filter(state=Period.State.CLOSED).values_list("yyyymm", flat=True).last(),
        soft_closed=list(months.filter(state=Period.State.SOFT_CLOSED).values_list("yyyymm", flat=True)),
        last_night=BooksRun.objects.order_by("checked_on").values_list("checked_on", "failed").last(),
        balances=[line for currency in _currencies() for line in _balances(currency)],
        open_items=books.open_items(),
    )


def _counts() -> Counts:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT (SELECT count(*) FROM ledger_entry), (SELECT count(*) FROM ledger_posting),
                   (SELECT count(*) FROM ledger_seal), (SELECT count(*) FROM ledger_unsealed)
            """
        )
        return Counts(*cursor.fetchone())


def _currencies() -> Iterable[str]:
    return Account.objects.order_by("currency").values_list("currency", flat=True).distinct()


def _balances(currency: str) -> list[Balance]:
    """By code; owners are added up, because each has a statement of its own."""
    lines: dict[str, Balance] = {}
    ours_minor = 0
    for line in trial_balance(None, currency):
        if line.type not in BALANCE_SHEET:
            ours_minor += line.balance_minor
            continue
        known = CHART.get(line.purpose)
        before = lines[line.code].balance_minor if line.code in lines else 0
        name = known.name if known else line.name
        lines[line.code] = Balance(line.code, name, line.type, currency, before + line.balance_minor)
    ours = Balance("", "Net assets, with the results so far", Type.NET_ASSETS.value, currency, ours_minor)
    return [*lines.values(), ours] if lines else []


def open_exceptions() -> list[books.OpenItem]:
    """What does not add up with the outside and nobody has settled yet; the oldest first."""
    rows = ReconciliationException.objects.filter(resolved_at__isnull=True).order_by("opened_at", "pk")
    return [
        books.OpenItem(f"{row.kind} {row.subject}", row.amount_minor or 0, row.currency, row.opened_at) for row in rows
    ]
