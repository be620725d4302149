"""An entry is in the books, once for its key, in a month that takes it (rules/sealing.md "Poster")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Final

from django.db import DatabaseError, DataError, IntegrityError, connection, transaction
from django.db.transaction import TransactionManagementError

from ledger import statements
from ledger.accounts import UnknownAccount, chart_line
from ledger.drafts import BadPosting, EntryDraft
from ledger.hashing import facts_hash
from people.money import is_currency

__all__ = [
    "BadPosting",
    "CodeChanged",
    "Conflict",
    "IsolationTooHigh",
    "NoSuchMonth",
    "NotPosted",
    "Outcome",
    "Posted",
    "UnknownAccount",
    "post_entries",
    "post_entry",
]

_AHEAD_MAX: Final = timedelta(days=1)  # the source's clock and ours may differ, but not by more
_FIRST_ZONE: Final = timezone(timedelta(hours=14))  # where days begin first; asking for our own would cost a query
_TRIES_MAX: Final = 3


class Conflict(Exception):
    """The key is taken by an entry with other facts; nothing was written."""


class NoSuchMonth(Exception):
    """The month is not in the books, or neither it nor one of the next takes entries."""


class CodeChanged(Exception):
    """An account has another code in the books than in the chart: what is posted to it could never be sealed."""


class NotPosted(Exception):
    """Each try found something else missing, accounts or months; nothing was written, and the caller may try again."""


class IsolationTooHigh(Exception):
    """The transaction is not READ COMMITTED, so it could not see that a month was closed."""


_REFUSALS: Final[dict[str, type[Exception]]] = {"TS002": IsolationTooHigh, "TS004": CodeChanged}


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

    One statement for any number of drafts, and two more where an account is new or a month closed. A key that is
    already in the books with the same facts gives back its first entry; a draft whose month is closed goes to the first
    day of the next month that takes it, `event_at` kept. What a draft reverses is posted by an earlier call, never the
    same. `now` (aware) only refuses what has not happened yet and days that have not come. Call it inside
    `transaction.atomic()`, business rows locked.

    Raises Conflict, NoSuchMonth, UnknownAccount, BadPosting, CodeChanged, IsolationTooHigh, NotPosted. Where the
    database itself refused, or a rival's entry proved to have other facts, the transaction can only be rolled back.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("entries are posted inside transaction.atomic()")
    # 1. What can be in no books is refused before anything is asked.
    for draft in drafts:
        _refuse_nonsense(draft, now)
    wanted = _one_per_key(drafts)
    if not wanted:
        return []
    # 2. Keys first: what is there is given back, whatever became of its month since; the rest is written.
    days = {key: draft.effective_on for key, draft in wanted.items()}
    posted: dict[str, Posted] = {}
    # 3. Where something has to be mended first, nothing has been written, and what is mended now stays so.
    for _ in range(_TRIES_MAX):
        posted |= _call({key: draft for key, draft in wanted.items() if key not in posted}, days)
        if len(posted) == len(wanted):
            return [posted[draft.key] for draft in drafts]
    missing = next(key for key in wanted if key not in posted)
    raise NotPosted(f"{missing} and what came with it were not written: what they need was mended and is missing again")


def _refuse_nonsense(draft: EntryDraft, now: datetime) -> None:
    if not draft.key:
        raise BadPosting(f"an entry about {draft.source!r} has no key")
    if not draft.postings:
        raise BadPosting(f"{draft.key} has no postings")
    if not is_currency(draft.currency):
        raise BadPosting(f"{draft.key}: {draft.currency!r} is not a currency code such as usd")
    if draft.event_at.tzinfo is None:
        raise BadPosting(f"{draft.key}: event_at has no time zone")
    if isinstance(draft.effective_on, datetime):
        raise BadPosting(f"{draft.key}: effective_on is a day, not a moment")
    if draft.event_at > now + _AHEAD_MAX:
        raise BadPosting(f"{draft.key} has not happened yet: {draft.event_at.isoformat()}")
    if draft.effective_on > (now + _AHEAD_MAX).astimezone(_FIRST_ZONE).date():
        raise BadPosting(f"{draft.key} is dated on a day that has not come yet: {draft.effective_on.isoformat()}")
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


def _call(drafts: Mapping[str, EntryDraft], days: dict[str, date]) -> dict[str, Posted]:
    """Write drafts on their days; those that are in the books now, by key.

    When some are missing from it, nothing was written, their days are mended in `days` and their accounts made.
    """
    with _refusals_named():
        answer = statements.post(drafts, days)
    posted = _replays(answer.known, drafts)
    if answer.written is not None:
        return posted | {key: Posted(pk, Outcome.POSTED, days[key]) for key, pk in answer.written.items()}
    _mend({key: draft for key, draft in drafts.items() if key not in posted}, days, answer)
    return posted


def _replays(known: Mapping[str, statements.Known], drafts: Mapping[str, EntryDraft]) -> dict[str, Posted]:
    """What the books hold already, by key; raises Conflict where it tells of other facts."""
    for key, entry in known.items():
        if entry.facts_hash != facts_hash(drafts[key]):
            raise Conflict(f"{key} is entry {entry.entry_id}, with other facts")
    return {key: Posted(one.entry_id, Outcome.ALREADY_POSTED, one.effective_on) for key, one in known.items()}


def _mend(fresh: Mapping[str, EntryDraft], days: dict[str, date], answer: statements.Answer) -> None:
    for key, draft in fresh.items():
        day = answer.moved.get((days[key], statements.is_manual(draft)), days[key])
        if day is None:
            raise NoSuchMonth(f"{key}: no month takes {draft.effective_on.isoformat()}")
        days[key] = day
    for key, reverses in answer.no_reversed:
        raise BadPosting(f"{key} reverses {reverses}, which is not in the books: post that first, by a call of its own")
    missing = statements.account_keys(fresh.values()).intersection(answer.no_accounts)
    if missing:
        statements.make_accounts(missing)


@contextmanager
def _refusals_named() -> Iterator[None]:
    """What the database refuses is named, and nobody can go on in the transaction that it broke."""
    try:
        with transaction.atomic(savepoint=False):
            yield
    except (IntegrityError, DataError) as error:
        raise BadPosting(str(error).partition("\n")[0]) from error
    except DatabaseError as error:
        refusal = _REFUSALS.get(getattr(error.__cause__, "sqlstate", ""))
        if refusal is None:
            raise
        raise refusal(str(error).partition("\n")[0]) from error
