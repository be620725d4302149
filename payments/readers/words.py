"""Small translations that the readers share: Stripe's seconds, its metadata, its references."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

NAME_MAX, EMAIL_MAX, LINE_MAX = 200, 254, 500  # the first two as the rows of people, shop and donations have them


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


def typed(text: str | None, *, at_most: int) -> str:
    """What a payer typed on the processor's page, as our rows can hold it: a payment is never lost to its wording."""
    return " ".join((text or "").replace("\0", "").split())[:at_most]


def mail_address(text: str | None) -> str:
    """An address that mail can be sent to, or nothing: half an address is none."""
    address = typed(text, at_most=EMAIL_MAX + 1)
    return address if len(address) <= EMAIL_MAX and " " not in address else ""


def present(thing: Any, name: str) -> Any:
    """An attribute, None when Stripe left it out (an absent field raises in the library)."""
    return getattr(thing, name, None)
