"""The books as a controller reads them: which checks passed, what is wrong, what stands where and what is open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from ledger.accounts import Type
from ledger.books import OpenItem, Result, in_words
from ledger.summary import Balance, Summary
from people.models import Organisation

ITEMS_MAX: Final = 20  # of one list of open items; JSON holds them all
# What is shown under which heading, and the sign that makes its usual balance a plain number.
SECTIONS: Final = (
    (Type.ASSET.value, "What we have", 1),
    (Type.LIABILITY.value, "What we owe", -1),
    (Type.NET_ASSETS.value, "What is ours", -1),
)


def head(now: datetime) -> str:
    """Whose books these are, and when they were looked at, in the organisation's own time."""
    org = Organisation.objects.filter(pk=1).first()
    name, at = (org.display_name, now.astimezone(org.zone)) if org else ("nobody yet", now)
    return f"The books of {name}, {at:%d %B %Y %H:%M %Z}"


def result_lines(result: Result) -> Iterator[str]:
    """A check under the code of its invariant (rules/ledger.md), and what it found."""
    if not result.count:
        yield f"  {result.code:<4}ok     {result.name}"
        return
    yield f"  {result.code:<4}WRONG  {result.name}: {result.count} found"
    yield from (f"             - {finding}" for finding in result.findings)
    if result.count > len(result.findings):
        yield f"             … and {result.count - len(result.findings)} more"


def summary_lines(found: Summary) -> Iterator[str]:
    """How much there is, what stands where, and what is open, with its age."""
    counts = found.counts
    yield (
        f"{counts.entries} entries with {counts.postings} postings;"
        f" {counts.sealed} are sealed, {counts.waiting} wait for it. {_months(found)}"
    )
    yield _last_night(found)
    yield from _balances(found.balances)
    yield from _open(found.open_items, found.at)


def as_json(results: Sequence[Result], found: Summary) -> dict[str, Any]:
    """All facts of the report, amounts in minor units."""
    return {
        "ok": not any(result.count for result in results),
        "at": found.at.isoformat(),
        "checks": [asdict(result) for result in results],
        "counts": asdict(found.counts),
        "closed_through": found.closed_through,
        "soft_closed": found.soft_closed,
        "last_night": found.last_night and {"on": found.last_night[0].isoformat(), "failed": found.last_night[1]},
        "balances": [asdict(balance) for balance in found.balances],
        "open_items": {
            title: [
                asdict(item) | {"since": item.since.isoformat(), "age_days": (found.at - item.since).days}
                for item in items
            ]
            for title, items in found.open_items.items()
        },
    }


def _months(found: Summary) -> str:
    closed = f"Closed through {_month(found.closed_through)}" if found.closed_through else "No month is closed"
    softly = f", softly closed: {', '.join(map(_month, found.soft_closed))}" if found.soft_closed else ""
    return f"{closed}{softly}."


def _last_night(found: Summary) -> str:
    if found.last_night is None:
        return "No night's check is on record."
    day, failed = found.last_night
    return f"The last night's check was on {day.isoformat()}: {f'{failed} failed' if failed else 'all passed'}."


def _month(yyyymm: int) -> str:
    return f"{yyyymm // 100}-{yyyymm % 100:02}"


def _balances(balances: Sequence[Balance]) -> Iterator[str]:
    for currency, group in groupby(balances, key=lambda balance: balance.currency):
        lines = list(group)
        for type_, title, sign in SECTIONS:
            rows = [line for line in lines if line.type == type_]
            if rows:
                total = in_words(sign * sum(row.balance_minor for row in rows), currency)
                yield f"\n{title} ({currency.upper()}): {total}"
            for row in rows if type_ != Type.NET_ASSETS.value else ():
                yield f"  {row.code:<5} {row.name:<32}{in_words(sign * row.balance_minor, currency):>18}"


def _open(lists: dict[str, list[OpenItem]], now: datetime) -> Iterator[str]:
    for title, items in lists.items():
        yield f"\n{title}: {_count(items)}"
        for item in items[:ITEMS_MAX]:
            amount = in_words(item.amount_minor, item.currency)
            yield f"  {item.ref:<38}{amount:>18}  since {item.since:%Y-%m-%d}, {_age(item, now)}"
        if len(items) > ITEMS_MAX:
            yield f"  … and {len(items) - ITEMS_MAX} more"


def _count(items: Sequence[OpenItem]) -> str:
    if not items:
        return "nothing open"
    sums: dict[str, int] = {}
    for item in items:
        sums[item.currency] = sums.get(item.currency, 0) + item.amount_minor
    return f"{len(items)} open, {', '.join(in_words(amount, currency) for currency, amount in sums.items())}"


def _age(item: OpenItem, now: datetime) -> str:
    days = (now - item.since).days
    return f"{days} day{'' if days == 1 else 's'}"
