"""What changed, who did it, when and why: one list over the rows that the packages keep anyway, no second truth.

Each package names its own kinds of change as queries over its rows; they are read in one union, page by page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, F, QuerySet, Value, When
from django.db.models.functions import Cast

_TEXT: CharField[str, str] = CharField()
_kinds: dict[str, list[Change]] = {}


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
        _kinds.setdefault(change.topic, []).append(change)


def labelled(column: str, choices: Iterable[tuple[Any, str]]) -> Case:
    """What a column of choices says, in their words: "The partner's consent kept" for `consented`."""
    whens = (When(**{column: word}, then=Value(label)) for word, label in choices)
    return Case(*whens, default=Cast(F(column), _TEXT), output_field=_TEXT)


def topics() -> list[str]:
    return sorted(_kinds)


def kinds(topic: str) -> list[Change]:
    """The kinds of change that a topic tells."""
    return list(_kinds[topic])


def changes(topic: str = "", who: int | None = None) -> QuerySet[Any, dict[str, Any]]:
    """All changes of a topic (or of all) and a person (or of all), the latest first. One query, when it is read."""
    found: Sequence[QuerySet[Any]] = [_columns(one) for name in topics() if topic in ("", name) for one in kinds(name)]
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
