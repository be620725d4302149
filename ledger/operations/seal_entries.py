"""Committed entries have their place in the sequence and the chain (rules/sealing.md "Sealer")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import structlog
from django.db import connection, transaction

from ledger.chain import GENESIS, link
from ledger.contents import Content, contents_of

BATCH_MAX: Final = 5_000
_TAKE_TURN: Final = "SELECT pg_advisory_xact_lock(7101, 0)"
log = structlog.get_logger(__name__)


class ContentMismatch(Exception):
    """An entry is not what was posted: its rows were changed. Nothing of its batch was sealed."""

    def __init__(self, entry_id: int, what: str) -> None:
        self.entry_id, self.what = entry_id, what
        super().__init__(f"{what} (entry {entry_id}) is not as posted")


@dataclass(frozen=True, slots=True)
class Sealed:
    """How many entries one batch sealed, and the last number of the sequence after it."""

    entries: int
    through_seq: int


def seal_all() -> int:
    """Seal everything that is committed, batch by batch; the last number of the sequence. Raises ContentMismatch."""
    while True:
        sealed = seal_entries()
        if not sealed.entries:
            return sealed.through_seq


def seal_entries(*, limit: int = BATCH_MAX) -> Sealed:
    """Seal the oldest entries that wait, at most `limit` and never more than BATCH_MAX, in a transaction of its own.

    Waits for another sealer: the lock is held to the commit, so a visible number means that all below it are visible.
    The order of the sequence is that of sealing, not of ids. Raises ContentMismatch, after an alarm in the log.
    """
    with transaction.atomic(durable=True):
        # 1. One sealer at a time, and only then the head.
        seq, head = _take_turn()
        # 2. The bytes, figured from the rows as they stand now, are those that were posted.
        contents = contents_of(_waiting(min(limit, BATCH_MAX)))
        for content in contents:
            if not content.is_as_posted:
                log.critical("entry_changed_before_its_seal", entry=content.entry_id, key=content.key)
                raise ContentMismatch(content.entry_id, f"{content.kind} {content.key}")
        # 3. The chain goes on; the database checks it, and takes these entries from the queue.
        _append(seq, head, contents)
    return Sealed(len(contents), seq + len(contents))


def _take_turn() -> tuple[int, bytes]:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_TURN)
        cursor.execute("SELECT seq, hash FROM ledger_seal ORDER BY seq DESC LIMIT 1")
        seq, head = cursor.fetchone() or (0, GENESIS)
    return seq, bytes(head)


def _waiting(limit: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT entry_id FROM ledger_unsealed ORDER BY entry_id LIMIT %s", [limit])
        return [entry_id for (entry_id,) in cursor.fetchall()]


def _append(seq: int, head: bytes, contents: list[Content]) -> None:
    if not contents:
        return
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(
            "COPY ledger_seal (seq, entry_id, prev_hash, hash, canonical) FROM STDIN WITH (FORMAT BINARY)"
        ) as copy,
    ):
        copy.set_types(["int4", "int4", "bytea", "bytea", "bytea"])
        for number, content in enumerate(contents, start=seq + 1):
            before, head = head, link(head, content.canonical)
            copy.write_row((number, content.entry_id, before, head, content.canonical))
