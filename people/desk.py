"""What needs somebody now: each package adds its own, oldest first on the desk."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime

FINANCE = ("finance preparer", "finance approver", "auditor")


@dataclass(frozen=True, slots=True)
class DeskTask:
    """One thing to do: a sentence, since when it waits, where it is done, and whose it is (empty: everybody's)."""

    title: str
    detail: str
    since: datetime
    href: str
    roles: tuple[str, ...] = field(default=FINANCE)


TaskSource = Callable[[datetime], list[DeskTask]]
_sources: list[TaskSource] = []


def register(source: TaskSource) -> None:
    """`source(now)` lists what waits in one package; it should cost a query or two."""
    if source not in _sources:
        _sources.append(source)


def tasks(roles: Collection[str], now: datetime) -> list[DeskTask]:
    """Everything that waits for somebody with one of these roles, the oldest first."""
    found = [task for source in _sources for task in source(now)]
    mine = [task for task in found if not task.roles or set(task.roles) & set(roles)]
    return sorted(mine, key=lambda task: task.since)
