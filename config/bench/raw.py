"""Plain tables without our guards and checks, written with plain SQL: the measure that ours is held against.

They have the columns and the indexes of ours. Hashes and accounts' numbers are figured before the clock runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import psycopg

from ledger.drafts import EntryDraft
from ledger.hashing import content_hash, facts_hash

Raw = psycopg.Connection[tuple[Any, ...]]
AccountIds = dict[tuple[str, str], int]

_TABLES: Final = "".join(
    f"""
    CREATE TABLE {name}_entry
        (LIKE ledger_entry INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING IDENTITY INCLUDING INDEXES);
    CREATE TABLE {name}_posting (LIKE ledger_posting INCLUDING DEFAULTS INCLUDING INDEXES);
    """
    for name in ("raw", "arrays", "copied")
)
_ENTRY: Final = """
INSERT INTO raw_entry
    (kind, source, idempotency_key, facts_hash, content_hash, effective_date, event_at, actor, memo) VALUES """
_POSTING: Final = """
INSERT INTO raw_posting (entry_id, ordinal, debit, credit, currency, amount_minor, effective_date) VALUES """
_ENTRY_ARRAYS: Final = """
INSERT INTO arrays_entry
    (kind, source, idempotency_key, facts_hash, content_hash, effective_date, event_at, actor, memo)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::bytea[], %s::bytea[], %s::date[], %s::timestamptz[],
                     %s::text[], %s::text[]) RETURNING id"""
_POSTING_ARRAYS: Final = """
INSERT INTO arrays_posting (entry_id, ordinal, debit, credit, currency, amount_minor, effective_date)
SELECT * FROM unnest(%s::int[], %s::smallint[], %s::int[], %s::int[], %s::text[], %s::bigint[], %s::date[])"""


@dataclass(frozen=True, slots=True)
class Row:
    """One entry as a row, and its postings as rows that lack only its number."""

    entry: tuple[str, str, str, bytes, bytes, date, datetime, str, str]
    postings: tuple[tuple[int, int, int, str, int, date], ...]


def make_tables(raw: Raw) -> None:
    raw.execute(_TABLES.encode())


def rows_of(drafts: Sequence[EntryDraft], accounts: AccountIds) -> list[Row]:
    """The very rows that posting these drafts writes."""
    return [
        Row(
            entry=(
                *(draft.kind, draft.source, draft.key, facts_hash(draft), content_hash(draft, draft.effective_on)),
                *(draft.effective_on, draft.event_at, draft.actor, draft.memo),
            ),
            postings=tuple(
                (
                    ordinal,
                    accounts[posting.debit.purpose, posting.debit.owner],
                    accounts[posting.credit.purpose, posting.credit.owner],
                    *(draft.currency, posting.amount_minor, draft.effective_on),
                )
                for ordinal, posting in enumerate(draft.postings, start=1)
            ),
        )
        for draft in drafts
    ]


def insert_values(raw: Raw, rows: Sequence[Row]) -> None:
    """One commit: one INSERT of many VALUES for each table."""
    with raw.transaction():
        found = raw.execute(
            _ENTRY + _slots(9, len(rows)) + " RETURNING id", [value for row in rows for value in row.entry]
        )
        ids = [pk for (pk,) in found.fetchall()]
        postings = [(pk, *posting) for pk, row in zip(ids, rows, strict=True) for posting in row.postings]
        raw.execute(_POSTING + _slots(7, len(postings)), [value for posting in postings for value in posting])


def insert_arrays(raw: Raw, rows: Sequence[Row]) -> None:
    """One commit: one INSERT of arrays for each table, which a client sends faster when there are many rows."""
    with raw.transaction():
        found = raw.execute(_ENTRY_ARRAYS, [list(column) for column in zip(*(row.entry for row in rows), strict=True)])
        ids = [pk for (pk,) in found.fetchall()]
        postings = [(pk, *posting) for pk, row in zip(ids, rows, strict=True) for posting in row.postings]
        raw.execute(_POSTING_ARRAYS, [list(column) for column in zip(*postings, strict=True)])


def copy(raw: Raw, rows: Sequence[Row], first_id: int) -> None:
    """One commit: COPY for each table; the numbers of the entries are given, from `first_id`."""
    with raw.transaction(), raw.cursor() as cursor:
        with cursor.copy(
            "COPY copied_entry (id, kind, source, idempotency_key, facts_hash, content_hash, effective_date, event_at,"
            " actor, memo) FROM STDIN"
        ) as entries:
            for pk, row in enumerate(rows, start=first_id):
                entries.write_row((pk, *row.entry))
        with cursor.copy(
            "COPY copied_posting (entry_id, ordinal, debit, credit, currency, amount_minor, effective_date) FROM STDIN"
        ) as postings:
            for pk, row in enumerate(rows, start=first_id):
                for posting in row.postings:
                    postings.write_row((pk, *posting))


def _slots(columns: int, rows: int) -> str:
    return ", ".join(["(" + ", ".join(["%s"] * columns) + ")"] * rows)
