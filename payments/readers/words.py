"""Small translations that the readers share: Stripe's seconds, its metadata, its references."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def moment_or_none(seconds: int | None) -> datetime | None:
    return None if seconds is None else moment(seconds)


def word(metadata: Any, key: str) -> str:
    """One entry of a metadata object, "" when absent. Stripe's objects are no dicts: they have no `.get`."""
    return str(metadata[key]) if metadata and key in metadata else ""


def reference(expandable: Any) -> str:
    """The id of a field that holds an object, its id, or nothing."""
    if not expandable:
        return ""
    return expandable if isinstance(expandable, str) else str(expandable.id)


def whole(expandable: Any) -> Any:
    """The object of an expanded field, None when there is none or only its id."""
    return None if isinstance(expandable, str) else expandable


def present(thing: Any, name: str) -> Any:
    """An attribute, None when Stripe left it out (an absent field raises in the library)."""
    return getattr(thing, name, None)
