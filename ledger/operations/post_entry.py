"""An entry is in the books, once for its key, in a month that takes it (rules/sealing.md "Poster")."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from django.db import DataError, IntegrityError, connection, transaction
from django.db.transaction import TransactionManagementError

from ledger import statements
from ledger.accounts import UnknownAccount, chart_line
from ledger.drafts import BadPosting, EntryDraft
from ledger.hashing import facts_hash

__all__ = [
    "BadPosting",
    "Conflict",
    "IsolationTooHigh",
    "NoSuchMonth",
    "Outcome",
    "Posted",
    "UnknownAccount",
    "post_entries",
    "post_entry",
]

_AHEAD_MAX: Final = timedelta(days=1)  # the source's clock and ours may differ, but not by more
_CURRENCY: Final = re.compile(r"[a-z]{3}")


class Conflict(Exception):
    """The key is taken by an entry with other facts; nothing was written."""


class NoSuchMonth(Exception):
    """The month is not in the books, or neither it nor one of the next takes entries."""


class IsolationTooHigh(Exception):
    """The transaction is not READ COMMITTED, so it could not see that a month was closed."""


class Outcome(StrEnum):
    POSTED = "posted"
    ALREADY_POSTED = "already_posted"


@dataclass(frozen=True, slots=True)
class Posted:
    """An entry in the books; `effective_on` is later than the draft's own day when that day's month was closed."""

    entry_id: int
    outcome: Outcome
    effective_on: date


def post_entry(draft: EntryDraft, *, now: datetime) -> Posted:
    """Post one entry; see `post_entries`."""
    return post_entries([draft], now=now)[0]


def post_entries(drafts: Sequence[EntryDraft], *, now: datetime) -> list[Posted]:
    """Post entries together, each once for its key; the results stand in the order of `drafts`.

    Three statements for any number of drafts. A key that is already in the books with the same facts gives back its
    first entry; a draft whose month is closed goes to the first day of the next month that takes it, `event_at` kept.
    `now` (aware) only refuses what has not happened yet. Call it inside `transaction.atomic()`, business rows locked.

    Raises Conflict, NoSuchMonth, UnknownAccount, BadPosting, IsolationTooHigh. Where the database itself refused, or
    a rival's entry proved to have other facts, the transaction can only be rolled back.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("entries are posted inside transaction.atomic()")
    # 1. What can be in no books is refused before anything is asked.
    for draft in drafts:
        _refuse_nonsense(draft, now)
    wanted = _one_per_key(drafts)
    if not wanted:
        return []
    # 2. Keys first: what is there is given back, whatever became of its month since.
    found = statements.look_up(wanted)
    if found.isolation != "read committed":
        raise IsolationTooHigh(f"entries are posted at read committed, not {found.isolation}")
    posted = _replays(found, wanted)
    fresh = {key: draft for key, draft in wanted.items() if key not in posted}
    # 3. The rest is written, each in a month that takes it.
    if fresh:
        days = {key: _open_day(draft, found) for key, draft in fresh.items()}
        _refuse_reversal_of_nothing(fresh, found)
        with _refusals_named():
            posted |= _write(fresh, days, found)
    return [posted[draft.key] for draft in drafts]


def _refuse_nonsense(draft: EntryDraft, now: datetime) -> None:
    if not draft.key:
        raise BadPosting(f"an entry about {draft.source!r} has no key")
    if not draft.postings:
        raise BadPosting(f"{draft.key} has no postings")
    if not _CURRENCY.fullmatch(draft.currency):
        raise BadPosting(f"{draft.key}: {draft.currency!r} is not a currency code such as usd")
    if draft.event_at.tzinfo is None:
        raise BadPosting(f"{draft.key}: event_at has no time zone")
    if isinstance(draft.effective_on, datetime):
        raise BadPosting(f"{draft.key}: effective_on is a day, not a moment")
    if draft.event_at > now + _AHEAD_MAX:
        raise BadPosting(f"{draft.key} has not happened yet: {draft.event_at.isoformat()}")
    for posting in draft.postings:
        if type(posting.amount_minor) is not int or posting.amount_minor <= 0:
            raise BadPosting(f"{draft.key}: an amount is a whole number above zero, not {posting.amount_minor!r}")
        if posting.debit == posting.credit:
            raise BadPosting(f"{draft.key}: {posting.debit.purpose} on both sides")
        chart_line(posting.debit.purpose, posting.debit.owner)
        chart_line(posting.credit.purpose, posting.credit.owner)


def _one_per_key(drafts: Sequence[EntryDraft]) -> dict[str, EntryDraft]:
    """Drafts by key, sorted, so that two posters of many keys wait for each other in one order only."""
    by_key: dict[str, EntryDraft] = {}
    for draft in drafts:
        other = by_key.setdefault(draft.key, draft)
        if other is not draft and facts_hash(other) != facts_hash(draft):
            raise Conflict(f"{draft.key} is given twice, with other facts")
    return dict(sorted(by_key.items()))


def _replays(found: statements.Found, wanted: Mapping[str, EntryDraft]) -> dict[str, Posted]:
    """What the books hold already, by key; raises Conflict where it tells of other facts."""
    for entry in found.entries:
        if entry.facts_hash != facts_hash(wanted[entry.key]):
            raise Conflict(f"{entry.key} is entry {entry.entry_id}, with other facts")
    return {entry.key: Posted(entry.entry_id, Outcome.ALREADY_POSTED, entry.effective_on) for entry in found.entries}


def _open_day(draft: EntryDraft, found: statements.Found) -> date:
    day = found.days[draft.effective_on, statements.is_manual(draft)]
    if day is None:
        raise NoSuchMonth(f"{draft.key}: no month takes {draft.effective_on.isoformat()}")
    return day


def _refuse_reversal_of_nothing(fresh: Mapping[str, EntryDraft], found: statements.Found) -> None:
    for draft in fresh.values():
        if draft.reverses_key and draft.reverses_key not in found.reversed_ids:
            raise BadPosting(f"{draft.key} reverses {draft.reverses_key}, which is not in the books")


@contextmanager
def _refusals_named() -> Iterator[None]:
    """What the database refuses is a BadPosting, and nobody can go on in the transaction that it broke."""
    try:
        with transaction.atomic(savepoint=False):
            yield
    except (IntegrityError, DataError) as error:
        raise BadPosting(str(error).partition("\n")[0]) from error


def _write(fresh: Mapping[str, EntryDraft], days: Mapping[str, date], found: statements.Found) -> dict[str, Posted]:
    """Write entries and their postings; those that a rival wrote meanwhile come back as his."""
    missing = statements.account_keys(fresh.values()) - found.accounts.keys()
    accounts = found.accounts | statements.make_accounts(missing)
    ids = statements.insert_entries(fresh, days, found.reversed_ids)
    statements.insert_postings((fresh[key] for key in ids), days, ids, accounts)
    posted = {key: Posted(entry_id, Outcome.POSTED, days[key]) for key, entry_id in ids.items()}
    rivals = {key: draft for key, draft in fresh.items() if key not in ids}
    if rivals:
        posted |= _replays(statements.look_up(rivals), rivals)
    return posted
