"""The poster's SQL: one statement to look, one for each table it writes. Only `post_entry` calls these."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import connection

from ledger.accounts import chart_line
from ledger.drafts import AccountRef, EntryDraft
from ledger.hashing import content_hash, facts_hash

AccountKey = tuple[str, str, str]  # purpose, owner, currency

# Key first. The month locks are taken here, ascending, and only when a key is missing; ledger_open_day in guards.sql
# says why the days found then hold until commit. So a closed month (TS001) costs neither a savepoint nor a second try.
_LOOK_UP: Final = """
WITH found AS (
    SELECT idempotency_key, id, encode(facts_hash, 'hex') AS facts, effective_date
      FROM ledger_entry WHERE idempotency_key = ANY(%(keys)s)
)
SELECT current_setting('transaction_isolation'),
       (SELECT json_agg(json_build_array(idempotency_key, id, facts, effective_date)) FROM found),
       (SELECT json_agg(json_build_array(a.purpose, a.owner, a.currency, a.id))
          FROM unnest(%(purposes)s::text[], %(owners)s::text[], %(currencies)s::text[]) AS r(purpose, owner, currency)
          JOIN ledger_account a USING (purpose, owner, currency)),
       (SELECT json_agg(json_build_array(wanted, is_manual, ledger_open_day(wanted, is_manual)))
          FROM unnest(%(days)s::date[], %(manuals)s::boolean[]) AS d(wanted, is_manual)
         WHERE (SELECT count(*) FROM found) < %(count)s),
       (SELECT json_agg(json_build_array(idempotency_key, id))
          FROM ledger_entry WHERE idempotency_key = ANY(%(reversed)s))
"""

_INSERT_ENTRIES: Final = """
INSERT INTO ledger_entry
    (idempotency_key, kind, source, facts_hash, content_hash, effective_date, event_at, reverses_id, actor, memo)
SELECT key, kind, source, decode(facts, 'hex'), decode(content, 'hex'), day, event_at, reverses, actor, memo
  FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::date[], %s::timestamptz[],
              %s::integer[], %s::text[], %s::text[])
    AS d(key, kind, source, facts, content, day, event_at, reverses, actor, memo)
    ON CONFLICT (idempotency_key) DO NOTHING
RETURNING idempotency_key, id
"""

_INSERT_POSTINGS: Final = """
INSERT INTO ledger_posting (entry_id, ordinal, debit, credit, currency, amount_minor, effective_date)
SELECT * FROM unnest(%s::integer[], %s::smallint[], %s::integer[], %s::integer[], %s::text[], %s::bigint[], %s::date[])
"""

_INSERT_ACCOUNTS: Final = """
INSERT INTO ledger_account (purpose, owner, currency, code, name, type, functional_class, restriction, is_open)
SELECT *, true
  FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
    ON CONFLICT (purpose, owner, currency) DO NOTHING
"""

_FIND_ACCOUNTS: Final = """
SELECT a.purpose, a.owner, a.currency, a.id
  FROM unnest(%s::text[], %s::text[], %s::text[]) AS r(purpose, owner, currency)
  JOIN ledger_account a USING (purpose, owner, currency)
"""


@dataclass(frozen=True, slots=True)
class Known:
    """An entry that is in the books already."""

    key: str
    entry_id: int
    facts_hash: bytes
    effective_on: date


@dataclass(frozen=True, slots=True)
class Found:
    """What the books say of some drafts.

    `days` gives for a day wanted, and whether by hand, the day that takes it (None: no month does); it is empty when
    every key was found. `reversed_ids` are the entries to be reversed, by key.
    """

    isolation: str
    entries: list[Known]
    accounts: dict[AccountKey, int]
    days: dict[tuple[date, bool], date | None]
    reversed_ids: dict[str, int]


def is_manual(draft: EntryDraft) -> bool:
    """Whether it may go to a softly closed month."""
    return draft.kind == "manual"


def look_up(wanted: Mapping[str, EntryDraft]) -> Found:
    """Look up drafts by their key, and what is needed to write those that are missing; takes their month locks."""
    accounts = sorted(account_keys(wanted.values()))
    days = sorted({(draft.effective_on, is_manual(draft)) for draft in wanted.values()})
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
                "manuals": [by_hand for _, by_hand in days],
                "reversed": [draft.reverses_key for draft in wanted.values() if draft.reverses_key],
            },
        )
        isolation, *columns = cursor.fetchone()
    entries, account_rows, day_rows, reversed_rows = (_rows(column) for column in columns)
    return Found(
        isolation=isolation,
        entries=[Known(key, pk, bytes.fromhex(facts), date.fromisoformat(day)) for key, pk, facts, day in entries],
        accounts={(purpose, owner, currency): pk for purpose, owner, currency, pk in account_rows},
        days={
            (date.fromisoformat(day), by_hand): date.fromisoformat(open_day) if open_day else None
            for day, by_hand, open_day in day_rows
        },
        reversed_ids=dict(reversed_rows),
    )


def account_keys(drafts: Iterable[EntryDraft]) -> set[AccountKey]:
    """Every account that the drafts name."""
    return {
        (account.purpose, account.owner, draft.currency)
        for draft in drafts
        for posting in draft.postings
        for account in (posting.debit, posting.credit)
    }


def make_accounts(missing: set[AccountKey]) -> dict[AccountKey, int]:
    """Make the accounts that are named for the first time, as the chart has them; their ids."""
    if not missing:
        return {}
    keys = sorted(missing)
    lines = [chart_line(purpose, owner) for purpose, owner, _ in keys]
    columns = [list(column) for column in zip(*keys, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT_ACCOUNTS,
            [
                *columns,
                [line.code for line in lines],
                [line.account_name(owner) for line, (_, owner, _) in zip(lines, keys, strict=True)],
                [line.type.value for line in lines],
                [line.functional_class.value for line in lines],
                [line.restriction for line in lines],
            ],
        )
        cursor.execute(_FIND_ACCOUNTS, columns)
        return {(purpose, owner, currency): pk for purpose, owner, currency, pk in cursor.fetchall()}


def insert_entries(
    drafts: Mapping[str, EntryDraft], days: Mapping[str, date], reversed_ids: Mapping[str, int]
) -> dict[str, int]:
    """Write entries by key, waiting for a rival who writes the same one; the ids of those that are now ours."""
    rows = [
        (
            draft.key,
            draft.kind,
            draft.source,
            facts_hash(draft).hex(),
            content_hash(draft, days[draft.key]).hex(),
            days[draft.key],
            draft.event_at,
            reversed_ids[draft.reverses_key] if draft.reverses_key else None,
            draft.actor,
            draft.memo,
        )
        for draft in drafts.values()
    ]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_ENTRIES, [list(column) for column in zip(*rows, strict=True)])
        return dict(cursor.fetchall())


def insert_postings(
    drafts: Iterable[EntryDraft],
    days: Mapping[str, date],
    ids: Mapping[str, int],
    accounts: Mapping[AccountKey, int],
) -> None:
    """Write the postings of the drafts, all at once, as the guards want it."""

    def account(ref: AccountRef, draft: EntryDraft) -> int:
        return accounts[ref.purpose, ref.owner, draft.currency]

    rows = [
        (
            ids[draft.key],
            ordinal,
            account(posting.debit, draft),
            account(posting.credit, draft),
            draft.currency,
            posting.amount_minor,
            days[draft.key],
        )
        for draft in drafts
        for ordinal, posting in enumerate(draft.postings, start=1)
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_INSERT_POSTINGS, [list(column) for column in zip(*rows, strict=True)])


def _rows(column: Any) -> list[Any]:
    """A column made by json_agg, which Django hands over as text; null when there was nothing to gather."""
    return (json.loads(column) if isinstance(column, str) else column) or []
