"""What a caller hands to the poster: an entry as plain, frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


class BadPosting(ValueError):
    """An entry that cannot be in any books: no postings, an amount not above zero, one account on both sides, ..."""


@dataclass(frozen=True, slots=True)
class AccountRef:
    """An account by its purpose in the chart and, where it has one, its owner ("partner:1", "fund:seed-collective")."""

    purpose: str
    owner: str = ""


@dataclass(frozen=True, slots=True)
class PostingDraft:
    """One amount above zero, in minor units of the entry's currency, from `credit` to `debit`."""

    debit: AccountRef
    credit: AccountRef
    amount_minor: int


@dataclass(frozen=True, slots=True)
class EntryDraft:
    """One business fact as postings. `key` is the fact itself, for ever ("stripe:charge:ch_1:sale").

    event_at: when it happened, from the source's own object (aware); effective_on: that day in the organisation's zone.
    facts: what came from outside, by which a replay is told from a conflict; empty means the postings themselves.
    """

    kind: str
    key: str
    source: str
    event_at: datetime
    effective_on: date
    currency: str
    postings: tuple[PostingDraft, ...]
    reverses_key: str | None = None
    actor: str = "system"
    memo: str = ""
    facts: tuple[tuple[str, str | int], ...] = ()
