"""The poster's SQL: one call of `ledger_post`, and what makes accounts. Only `post_entry` calls these."""

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

_POST: Final = """
SELECT known, moved, no_accounts, no_reversed, written
  FROM ledger_post(%s::jsonb, %s::jsonb, ledger_as_charted(%s::jsonb))
"""

_INSERT_ACCOUNTS: Final = """
INSERT INTO ledger_account (purpose, owner, currency, code, name, type, functional_class, restriction, is_open)
SELECT *, true
  FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
    ON CONFLICT (purpose, owner, currency) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Known:
    """An entry that was in the books already."""

    entry_id: int
    facts_hash: bytes
    effective_on: date


@dataclass(frozen=True, slots=True)
class Answer:
    """What the books made of some drafts: entries that were there (`known`) and ids of those written, by key.

    `written` is None when something has to be mended first: days whose month does not take them, with the day that does
    (None: no month does); accounts that are not there yet; keys whose entry reverses one that is in no books.
    """

    known: dict[str, Known]
    written: dict[str, int] | None
    moved: dict[tuple[date, bool], date | None]
    no_accounts: list[AccountKey]
    no_reversed: list[tuple[str, str]]


def is_manual(draft: EntryDraft) -> bool:
    """Whether it may go to a softly closed month."""
    return draft.kind == "manual"


def post(drafts: Mapping[str, EntryDraft], days: Mapping[str, date]) -> Answer:
    """Write the drafts, given by key in its order, that are not in the books yet, each on its day, or say what keeps
    them out; takes their month locks. Nothing has been written unless `written` says so.
    """
    accounts: dict[AccountKey, int] = {}
    entries, postings = [], []

    def place(account: AccountRef, currency: str) -> int:
        return accounts.setdefault((account.purpose, account.owner, currency), len(accounts) + 1)

    for number, (key, draft) in enumerate(drafts.items(), start=1):
        day = days[key].isoformat()
        entries.append(
            {
                "key": key,
                "kind": draft.kind,
                "source": draft.source,
                "facts": facts_hash(draft).hex(),
                "content": content_hash(draft, days[key]).hex(),
                "day": day,
                "event_at": draft.event_at.isoformat(),
                "reverses": draft.reverses_key or None,
                "actor": draft.actor,
                "memo": draft.memo,
            }
        )
        postings += [
            {
                "entry": number,
                "ordinal": ordinal,
                "debit": place(posting.debit, draft.currency),
                "credit": place(posting.credit, draft.currency),
                "currency": draft.currency,
                "amount": posting.amount_minor,
                "day": day,
            }
            for ordinal, posting in enumerate(draft.postings, start=1)
        ]
    named = [
        {"purpose": purpose, "owner": owner, "currency": currency, "code": chart_line(purpose, owner).code}
        for purpose, owner, currency in accounts
    ]
    with connection.cursor() as cursor:
        cursor.execute(_POST, [json.dumps(part) for part in (entries, postings, named)])
        return _answer(*cursor.fetchone())


def account_keys(drafts: Iterable[EntryDraft]) -> set[AccountKey]:
    """Every account that the drafts name."""
    return {
        (account.purpose, account.owner, draft.currency)
        for draft in drafts
        for posting in draft.postings
        for account in (posting.debit, posting.credit)
    }


def make_accounts(missing: Iterable[AccountKey]) -> None:
    """Make the accounts that are named for the first time, as the chart has them."""
    keys = sorted(missing)
    lines = [chart_line(purpose, owner) for purpose, owner, _ in keys]
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT_ACCOUNTS,
            [
                *(list(column) for column in zip(*keys, strict=True)),
                [line.code for line in lines],
                [line.account_name(owner) for line, (_, owner, _) in zip(lines, keys, strict=True)],
                [line.type.value for line in lines],
                [line.functional_class.value for line in lines],
                [line.restriction for line in lines],
            ],
        )


def _answer(known: Any, moved: Any, no_accounts: Any, no_reversed: Any, written: Any) -> Answer:
    """The columns of the call, which Django hands over as text."""
    return Answer(
        known={
            key: Known(pk, bytes.fromhex(facts), date.fromisoformat(day))
            for key, (pk, facts, day) in json.loads(known).items()
        },
        written=None if written is None else json.loads(written),
        moved={
            (date.fromisoformat(day), by_hand): date.fromisoformat(open_day) if open_day else None
            for day, by_hand, open_day in json.loads(moved or "[]")
        },
        no_accounts=[(purpose, owner, currency) for purpose, owner, currency in json.loads(no_accounts or "[]")],
        no_reversed=[(key, reverses) for key, reverses in json.loads(no_reversed or "[]")],
    )
