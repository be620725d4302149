"""Entries read back from their rows as the bytes they are known by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from itertools import groupby
from typing import Any, Final

from django.db import connection

from ledger.accounts import label
from ledger.hashing import canonical

_ROWS: Final = """
SELECT e.id, e.kind, e.idempotency_key, e.source, e.effective_date, e.event_at, e.content_hash,
       r.idempotency_key, p.currency, p.amount_minor, d.code, d.owner, c.code, c.owner
  FROM ledger_entry e
  LEFT JOIN ledger_entry r ON r.id = e.reverses_id
  LEFT JOIN ledger_posting p ON p.entry_id = e.id
  LEFT JOIN ledger_account d ON d.id = p.debit
  LEFT JOIN ledger_account c ON c.id = p.credit
"""
_OF_THESE: Final = f"{_ROWS} WHERE e.id = ANY(%s) ORDER BY e.id, p.ordinal"
_OF_ALL: Final = f"{_ROWS} ORDER BY e.id, p.ordinal"
ROWS_AT_ONCE: Final = 2_000


@dataclass(frozen=True, slots=True)
class Content:
    """An entry as its rows stand now: `canonical` is figured anew, `content_hash` was stored when it was posted."""

    entry_id: int
    kind: str
    key: str
    effective_on: date
    content_hash: bytes
    canonical: bytes
    has_postings: bool

    @property
    def is_as_posted(self) -> bool:
        return self.has_postings and sha256(self.canonical).digest() == self.content_hash


def contents_of(entry_ids: Sequence[int]) -> list[Content]:
    """These entries in order of id; those that are gone are left out."""
    with connection.cursor() as cursor:
        cursor.execute(_OF_THESE, [list(entry_ids)])
        return list(_contents(cursor.fetchall()))


def all_contents() -> Iterator[Content]:
    """Every entry in order of id, streaming by a cursor on the server."""
    yield from _contents(stream(_OF_ALL))


def stream(sql: str, parameters: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
    """Rows as they come, by a cursor on the server: memory stays the same however long the books are."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, parameters)
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            yield from rows


def sentences(sql: str) -> Iterator[str]:
    """The one column of a check's rows, streaming."""
    for (sentence,) in stream(sql):
        yield sentence


def look_at_one_moment() -> None:
    """Have the rest of this transaction see one moment and write nothing, so that work beside it is no error to it.

    Inside a transaction that has begun already, as in a test, its own view has to do.
    """
    if not connection.savepoint_ids and len(connection.atomic_blocks) == 1:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def _contents(rows: Iterable[tuple[Any, ...]]) -> Iterator[Content]:
    for entry, lines in groupby(rows, key=lambda row: row[:8]):
        pk, kind, key, source, effective_on, event_at, stored, reverses_key = entry
        postings = [
            (label(debit_code, debit_owner), label(credit_code, credit_owner), currency, amount_minor)
            for *_, currency, amount_minor, debit_code, debit_owner, credit_code, credit_owner in lines
        ]
        yield Content(
            entry_id=pk,
            kind=kind,
            key=key,
            effective_on=effective_on,
            content_hash=bytes(stored),
            canonical=canonical(
                key=key,
                kind=kind,
                source=source,
                effective_on=effective_on,
                event_at=event_at,
                reverses_key=reverses_key,
                postings=postings,
            ),
            has_postings=postings[0][3] is not None,
        )
