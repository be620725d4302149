"""What the timed work must have done, or no figure counts."""

from __future__ import annotations

from typing import Any

from django.db import connection

Figures = dict[str, float]


class WrongContent(Exception):
    """What was timed did not do its work."""


def require(fact: bool, what: str) -> None:
    """Raise WrongContent unless this is so."""
    if not fact:
        raise WrongContent(what)


def one_row(sql: str, parameters: Any = ()) -> tuple[Any, ...]:
    """The only row of a query in the database in use."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        [row] = cursor.fetchall()
    return tuple(row)


def require_books(entries: int, postings_each: int) -> None:
    """The books hold this many entries, each with its postings, and both sides of them add up to nothing."""
    found = one_row("SELECT (SELECT count(*) FROM ledger_entry), count(*) FROM ledger_posting")
    require(found == (entries, entries * postings_each), f"the books hold {found}, not {entries} entries")
    [rest] = one_row("SELECT sum(amount_minor) FROM leg")
    require(rest == 0, f"debits and credits differ by {rest}")


def bytes_per_posting() -> float:
    """Of the table with all its indexes."""
    size, postings = one_row("SELECT pg_total_relation_size('ledger_posting'), count(*) FROM ledger_posting")
    return float(size / postings)


def missed(found: Figures, at_least: Figures, at_most: Figures) -> list[str]:
    """The promised figures that are not reached, as sentences."""
    low = [
        f"{name} is {found[name]:.2f}, not {floor} or more" for name, floor in at_least.items() if found[name] < floor
    ]
    high = [f"{name} is {found[name]:.2f}, not {top} or less" for name, top in at_most.items() if found[name] > top]
    return low + high
