"""What changed, who did it, when and why: one list over the rows that the packages keep anyway, no second truth.

Each package names its own kinds of change as queries over its rows; they are read in one union, page by page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Cast

_kinds: dict[str, list[Callable[[], QuerySet[Any]]]] = {}


@dataclass(frozen=True, slots=True)
class Change:
    """A kind of change: where its rows have the moment, the person, what it is about and the reason, as expressions.

    `rows()` gives them; `what` says in a word what was done ("Approved"), or names the column that does.
    """

    topic: str
    rows: Callable[[], QuerySet[Any]]
    at: Any
    who: Any
    subject: Any
    what: Any
    why: Any = None


def register(*changes: Change) -> None:
    """Add the kinds of one package, under their topics ("Months")."""
    for change in changes:
        _kinds.setdefault(change.topic, []).append(lambda one=change: _columns(one))  # type: ignore[misc]


def topics() -> list[str]:
    return sorted(_kinds)


def changes(topic: str = "", who: int | None = None) -> QuerySet[Any, dict[str, Any]]:
    """All changes of a topic (or of all) and a person (or of all), the latest first. One query, when it is read."""
    found: Sequence[QuerySet[Any]] = [rows() for name, each in _kinds.items() if topic in ("", name) for rows in each]
    if who is not None:
        found = [rows.filter(h_who=who) for rows in found]
    first, *rest = found
    return first.union(*rest, all=True).order_by("-h_at", "h_subject")


def _columns(change: Change) -> QuerySet[Any, dict[str, Any]]:
    text: CharField[str, str] = CharField()
    rows: QuerySet[Any, dict[str, Any]] = (
        change.rows()
        .order_by()
        .values(
            h_at=change.at,
            h_who=change.who,
            h_subject=Cast(change.subject, text),
            h_what=Cast(change.what, text),
            h_why=Cast(change.why if change.why is not None else Value(""), text),
            h_topic=Value(change.topic, text),
        )
    )
    return rows
