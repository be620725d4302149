"""Sealed entries as journals: what every accounting program can take, whatever its file looks like."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Final

from ledger.accounts import CHART, Chart, Type

# One journal never needs more lines than the smallest file takes (Xero's 300): a pair makes two lines at most.
PAIRS_MAX: Final = 150
_CHART_BY_CODE: Final = {line.code: line for line in CHART.values()}
_HEADINGS: Final = {
    Type.ASSET: "Assets",
    Type.LIABILITY: "Liabilities",
    Type.NET_ASSETS: "Equity",
    Type.INCOME: "Income",
    Type.EXPENSE: "Expenses",
}

Pair = tuple[str, str]  # labels: debit, credit


@dataclass(frozen=True, slots=True)
class SealedEntry:
    """An entry as it was sealed. `pairs` are (debit label, credit label) with the amount in minor units."""

    seq: int
    kind: str
    source: str
    effective_on: date
    currency: str
    pairs: tuple[tuple[Pair, int], ...]


@dataclass(frozen=True, slots=True)
class Account:
    """An account as a label names it ("2110/partner:1"), with what the chart knows of it."""

    code: str
    owner: str
    name: str
    heading: str


@dataclass(frozen=True, slots=True)
class Line:
    """One account in a journal: `amount_minor` is above zero for a debit, below zero for a credit."""

    account: Account
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Journal:
    """Lines of one day that add up to zero; `number` is the same in every export of the same range."""

    number: str
    on: date
    text: str
    lines: tuple[Line, ...]


def unseal(seq: int, canonical: bytes) -> SealedEntry:
    """Read an entry from its sealed bytes, as `ledger.hashing.canonical` wrote them."""
    _, _, kind, source, day, _, _, postings = json.loads(canonical)
    pairs = tuple(((debit, credit), amount_minor) for debit, credit, _, amount_minor in postings)
    return SealedEntry(seq, kind, source, date.fromisoformat(day), postings[0][2], pairs)


def account(label: str) -> Account:
    """What the chart says of a label; a code that is no longer in the chart stands under its own number."""
    code, _, owner = label.partition("/")
    line: Chart | None = _CHART_BY_CODE.get(code)
    if line is None:
        return Account(code, owner, f"Account {code}", "Equity")
    return Account(code, owner, line.name, _HEADINGS[line.type])


def by_entry(entries: Iterable[SealedEntry]) -> Iterator[Journal]:
    """One journal for each entry, numbered by its sequence."""
    for entry in entries:
        sums: Counter[Pair] = Counter()
        for pair, amount_minor in entry.pairs:
            sums[pair] += amount_minor
        yield from _journals(str(entry.seq), entry.effective_on, f"{entry.kind} {entry.source}", sums)


def by_day(entries: Iterable[SealedEntry]) -> Iterator[Journal]:
    """One journal for each day, in order, numbered by the day and the last sequence of all.

    A day that gets an entry later has a second journal in a later export: the numbers differ, so neither replaces the
    other.
    """
    days: dict[date, Counter[Pair]] = {}
    counts: Counter[date] = Counter()
    last = 0
    for entry in entries:
        last = entry.seq
        counts[entry.effective_on] += 1
        sums = days.setdefault(entry.effective_on, Counter())
        for pair, amount_minor in entry.pairs:
            sums[pair] += amount_minor
    for day, sums in sorted(days.items()):
        noun = "entry" if counts[day] == 1 else "entries"
        yield from _journals(f"{day:%Y%m%d}-{last}", day, f"day of {counts[day]} {noun}", sums)


def _journals(number: str, on: date, text: str, sums: Mapping[Pair, int]) -> Iterator[Journal]:
    """One journal, or as many as its pairs of accounts need; each adds up by itself."""
    pairs = iter(sorted(sums.items()))
    part = 1
    while some := list(islice(pairs, PAIRS_MAX)):
        yield Journal(number if part == 1 else f"{number}.{part}", on, text, _lines(some))
        part += 1


def _lines(pairs: Iterable[tuple[Pair, int]]) -> tuple[Line, ...]:
    """What each account is debited, by code and owner, then what each is credited."""
    debits: Counter[str] = Counter()
    credits_: Counter[str] = Counter()
    for (debit, credit), amount_minor in pairs:
        debits[debit] += amount_minor
        credits_[credit] += amount_minor
    return (
        *(Line(account(label), amount_minor) for label, amount_minor in sorted(debits.items())),
        *(Line(account(label), -amount_minor) for label, amount_minor in sorted(credits_.items())),
    )
