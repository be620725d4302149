"""An entry is in the books, once for its key, in a month that takes it (rules/sealing.md "Poster")."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from django.db import DatabaseError, IntegrityError, connection
from django.db.transaction import TransactionManagementError

from ledger.accounts import UnknownAccount, chart_line
from ledger.drafts import AccountRef, BadPosting, EntryDraft
from ledger.hashing import content_hash, facts_hash

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

_FUTURE_MAX: Final = timedelta(days=1)
_KEY_LENGTH_MAX: Final = 200


class Conflict(Exception):
    """The key is taken by an entry with other facts; nothing was written."""


class NoSuchMonth(Exception):
    """The month is not in the books, or neither it nor a later one is open."""


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
    """Post one entry; see `post_entries`. Three statements."""
    return post_entries([draft], now=now)[0]


def post_entries(drafts: Sequence[EntryDraft], *, now: datetime) -> list[Posted]:
    """Post entries together, each once for its key; the results stand in the order of `drafts`.

    Three statements for any number of drafts. A key that is already in the books with the same facts gives back its
    first entry; a draft whose month is closed goes to the first day of the next month that takes it, `event_at` kept.
    `now` (aware) only refuses what has not happened yet. Call it inside `transaction.atomic()`, business rows locked.

    Raises Conflict, NoSuchMonth, UnknownAccount, BadPosting; IsolationTooHigh, after which the transaction is lost, as
    it is after a Conflict with a rival that committed meanwhile.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("entries are posted inside transaction.atomic()")
    for draft in drafts:
        _refuse_nonsense(draft, now)
    wanted = _one_per_key(drafts)
    if not wanted:
        return []
    books = _look_up(wanted)
    posted = {row.key: row.replay_of(wanted[row.key]) for row in books.entries}
    fresh = {key: draft for key, draft in wanted.items() if key not in posted}
    if fresh:
        with _named_errors():
            posted |= _write(fresh, books)
    return [posted[draft.key] for draft in drafts]


@dataclass(frozen=True, slots=True)
class _Row:
    key: str
    entry_id: int
    facts_hash: bytes
    effective_on: date

    def replay_of(self, draft: EntryDraft) -> Posted:
        if self.facts_hash != facts_hash(draft):
            raise Conflict(f"{draft.key} is entry {self.entry_id}, with other facts")
        return Posted(self.entry_id, Outcome.ALREADY_POSTED, self.effective_on)


@dataclass(frozen=True, slots=True)
class _Books:
    """What the first statement found: entries by key, account ids, open days, and ids of what is to be reversed."""

    entries: list[_Row]
    accounts: dict[tuple[str, str, str], int]
    days: dict[tuple[date, bool], date | None]
    reversed_ids: dict[str, int]


def _refuse_nonsense(draft: EntryDraft, now: datetime) -> None:
    if not draft.key or len(draft.key) > _KEY_LENGTH_MAX:
        raise BadPosting(f"a key has 1 to {_KEY_LENGTH_MAX} characters: {draft.key!r}")
    if not draft.postings:
        raise BadPosting(f"{draft.key} has no postings")
    if draft.event_at.tzinfo is None:
        raise BadPosting(f"{draft.key}: event_at has no time zone")
    if draft.event_at > now + _FUTURE_MAX:
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


def _account_keys(drafts: Sequence[EntryDraft]) -> list[tuple[str, str, str]]:
    return sorted(
        {
            (account.purpose, account.owner, draft.currency)
            for draft in drafts
            for posting in draft.postings
            for account in (posting.debit, posting.credit)
        }
    )


def _day_key(draft: EntryDraft) -> tuple[date, bool]:
    return draft.effective_on, draft.kind == "manual"


# Key first. The month locks are taken here, ascending, and only when a key is missing; ledger_open_day in guards.sql
# says why the days found then hold until commit. So a closed month (TS001) costs neither a savepoint nor a second try.
_LOOK_UP: Final = """
WITH found AS (
    SELECT idempotency_key, id, encode(facts_hash, 'hex') AS facts, effective_date
      FROM ledger_entry WHERE idempotency_key = ANY(%(keys)s)
)
SELECT (SELECT json_agg(json_build_array(idempotency_key, id, facts, effective_date)) FROM found),
       (SELECT json_agg(json_build_array(a.purpose, a.owner, a.currency, a.id))
          FROM unnest(%(purposes)s::text[], %(owners)s::text[], %(currencies)s::text[]) AS r(purpose, owner, currency)
          JOIN ledger_account a USING (purpose, owner, currency)),
       (SELECT json_agg(json_build_array(wanted, is_manual, ledger_open_day(wanted, is_manual)))
          FROM unnest(%(days)s::date[], %(manuals)s::boolean[]) AS d(wanted, is_manual)
         WHERE (SELECT count(*) FROM found) < %(count)s),
       (SELECT json_agg(json_build_array(idempotency_key, id))
          FROM ledger_entry WHERE idempotency_key = ANY(%(reversed)s))
"""


def _look_up(wanted: dict[str, EntryDraft]) -> _Books:
    drafts = list(wanted.values())
    accounts = _account_keys(drafts)
    days = sorted({_day_key(draft) for draft in drafts})
    with connection.cursor() as cursor:
        cursor.execute(
            _LOOK_UP,
            {
                "keys": list(wanted),
                "count": len(wanted),
                "purposes": [purpose for purpose, _, _ in accounts],
                "owners": [owner for _, owner, _ in accounts],
                "currencies": [currency for _, _, currency in accounts],
                "days": [day for day, _ in days],
                "manuals": [is_manual for _, is_manual in days],
                "reversed": [draft.reverses_key for draft in drafts if draft.reverses_key],
            },
        )
        entry_rows, account_rows, day_rows, reversed_rows = (_json(column) for column in cursor.fetchone())
    return _Books(
        entries=[_Row(key, pk, bytes.fromhex(facts), date.fromisoformat(day)) for key, pk, facts, day in entry_rows],
        accounts={(purpose, owner, currency): pk for purpose, owner, currency, pk in account_rows},
        days={
            (date.fromisoformat(day), is_manual): date.fromisoformat(open_day) if open_day else None
            for day, is_manual, open_day in day_rows
        },
        reversed_ids=dict(reversed_rows),
    )


def _json(column: Any) -> list[Any]:
    """A json column, which comes as text or parsed, by the driver's loaders; nothing aggregated is null."""
    return (json.loads(column) if isinstance(column, str) else column) or []


def _write(fresh: dict[str, EntryDraft], books: _Books) -> dict[str, Posted]:
    """Write the missing entries and their postings; those that a rival wrote meanwhile come back as his."""
    days = {key: _open_day(draft, books) for key, draft in fresh.items()}
    accounts = books.accounts | _make_accounts(set(_account_keys(list(fresh.values()))) - books.accounts.keys())
    ids = _insert_entries(fresh, days, books.reversed_ids)
    _insert_postings(fresh, days, ids, accounts)
    posted = {key: Posted(pk, Outcome.POSTED, days[key]) for key, pk in ids.items()}
    rivals = {key: draft for key, draft in fresh.items() if key not in ids}
    if rivals:
        posted |= {row.key: row.replay_of(rivals[row.key]) for row in _look_up(rivals).entries}
    return posted


def _open_day(draft: EntryDraft, books: _Books) -> date:
    day = books.days[_day_key(draft)]
    if day is None:
        raise NoSuchMonth(f"{draft.key}: no month takes {draft.effective_on.isoformat()}")
    return day


def _make_accounts(missing: set[tuple[str, str, str]]) -> dict[tuple[str, str, str], int]:
    """Accounts named for the first time, from the chart: (purpose, owner, currency) -> id."""
    if not missing:
        return {}
    rows = sorted(missing)
    lines = [chart_line(purpose, owner) for purpose, owner, _ in rows]
    names = [f"{line.name}: {owner}" if owner else line.name for line, (_, owner, _) in zip(lines, rows, strict=True)]
    keys = [list(column) for column in zip(*rows, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO ledger_account
                (purpose, owner, currency, code, name, type, functional_class, restriction, is_open)
            SELECT *, 'without', true
              FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
            ON CONFLICT (purpose, owner, currency) DO NOTHING
            """,
            [
                *keys,
                [line.code for line in lines],
                names,
                [line.type.value for line in lines],
                [line.functional_class for line in lines],
            ],
        )
        cursor.execute(
            """
            SELECT a.purpose, a.owner, a.currency, a.id
              FROM ledger_account a
              JOIN unnest(%s::text[], %s::text[], %s::text[]) AS r(purpose, owner, currency)
             USING (purpose, owner, currency)
            """,
            keys,
        )
        return {(purpose, owner, currency): pk for purpose, owner, currency, pk in cursor.fetchall()}


def _insert_entries(
    fresh: dict[str, EntryDraft], days: dict[str, date], reversed_ids: dict[str, int]
) -> dict[str, int]:
    """One statement; waits for a rival with the same key. Gives the ids of those that are ours."""
    drafts = list(fresh.values())
    for draft in drafts:
        if draft.reverses_key and draft.reverses_key not in reversed_ids:
            raise BadPosting(f"{draft.key} reverses {draft.reverses_key}, which is not in the books")
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO ledger_entry (idempotency_key, kind, source, facts_hash, content_hash, effective_date,
                                      event_at, reverses_id, actor, memo)
            SELECT key, kind, source, decode(facts, 'hex'), decode(content, 'hex'), day, event_at, reverses, actor, memo
              FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::date[], %s::timestamptz[],
                          %s::integer[], %s::text[], %s::text[])
                AS d(key, kind, source, facts, content, day, event_at, reverses, actor, memo)
            ON CONFLICT (idempotency_key) DO NOTHING
            RETURNING idempotency_key, id
            """,
            [
                list(fresh),
                [draft.kind for draft in drafts],
                [draft.source for draft in drafts],
                [facts_hash(draft).hex() for draft in drafts],
                [content_hash(draft, days[draft.key]).hex() for draft in drafts],
                [days[draft.key] for draft in drafts],
                [draft.event_at for draft in drafts],
                [reversed_ids[draft.reverses_key] if draft.reverses_key else None for draft in drafts],
                [draft.actor for draft in drafts],
                [draft.memo for draft in drafts],
            ],
        )
        return dict(cursor.fetchall())


def _insert_postings(
    fresh: dict[str, EntryDraft],
    days: dict[str, date],
    ids: dict[str, int],
    accounts: dict[tuple[str, str, str], int],
) -> None:
    """One statement for the postings of every entry that is ours."""

    def account(ref: AccountRef, draft: EntryDraft) -> int:
        return accounts[ref.purpose, ref.owner, draft.currency]

    rows = [
        (
            ids[key],
            ordinal,
            account(p.debit, draft),
            account(p.credit, draft),
            draft.currency,
            p.amount_minor,
            days[key],
        )
        for key, draft in fresh.items()
        if key in ids
        for ordinal, p in enumerate(draft.postings, start=1)
    ]
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO ledger_posting (entry_id, ordinal, debit, credit, currency, amount_minor, effective_date)
            SELECT * FROM unnest(%s::integer[], %s::smallint[], %s::integer[], %s::integer[], %s::text[], %s::bigint[],
                                 %s::date[])
            """,
            [list(column) for column in zip(*rows, strict=True)],
        )


@contextmanager
def _named_errors() -> Iterator[None]:
    """The guards' refusals under their names."""
    try:
        yield
    except IntegrityError as error:
        raise BadPosting(str(error).partition("\n")[0]) from error
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", "") == "TS002":
            raise IsolationTooHigh(str(error).partition("\n")[0]) from error
        raise
