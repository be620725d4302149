"""What needs somebody now: each package adds its own, oldest first on the desk."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, QuerySet, Value

FINANCE = ("finance preparer", "finance approver", "auditor")
READERS = (*FINANCE, "board")  # who may follow the money through the books and through Stripe


@dataclass(frozen=True, slots=True)
class DeskTask:
    """One thing to do: a sentence, since when it waits, where it is done, and whose it is (empty: everybody's).

    `until` is when it would be too late. A decision names who asked for it: it is everybody's but theirs.
    """

    title: str
    detail: str
    since: datetime
    href: str
    roles: tuple[str, ...] = field(default=FINANCE)
    until: datetime | None = None
    asked_by_id: int | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """Tasks that a number tells: the count of `rows(now)` and the first of their `since`, put into words by `say`.

    All packages' are counted in one query, however many there are.
    """

    rows: Callable[[datetime], QuerySet[Any]]
    since: str
    say: Callable[[int, datetime], DeskTask]


TaskSource = Callable[[datetime], list[DeskTask]]
_sources: list[TaskSource] = []
_counted: list[Counted] = []


def register(source: TaskSource) -> None:
    """`source(now)` lists what waits in one package; it should cost a query or two."""
    if source not in _sources:
        _sources.append(source)


def register_counted(*counted: Counted) -> None:
    """Add what one package tells by numbers."""
    _counted.extend(one for one in counted if one not in _counted)


def tasks(roles: Collection[str], now: datetime, *, user_id: int | None = None) -> list[DeskTask]:
    """Everything that waits for this user with these roles, the oldest first; not what they asked for themselves."""
    found = [task for source in _sources for task in source(now)] + list(told_by_number(_counted, now))
    mine = [task for task in found if not task.roles or set(task.roles) & set(roles)]
    mine = [task for task in mine if task.asked_by_id is None or task.asked_by_id != user_id]
    return sorted(mine, key=lambda task: task.since)


def told_by_number(counted: Collection[Counted], now: datetime) -> Iterator[DeskTask]:
    """A task for each of these that has rows. One query."""
    says = [one.say for one in counted]
    if not says:
        return
    first, *rest = (_number(which, one, now) for which, one in enumerate(counted))
    for row in first.union(*rest, all=True):
        if row["number"]:
            yield says[row["which"]](row["number"], row["oldest"])


def _number(which: int, counted: Counted, now: datetime) -> QuerySet[Any, dict[str, Any]]:
    rows: QuerySet[Any, dict[str, Any]] = (
        counted.rows(now).order_by().values(which=Value(which)).annotate(number=Count("pk"), oldest=Min(counted.since))
    )
    return rows
