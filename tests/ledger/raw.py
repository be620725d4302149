"""Rows written past the poster, to see what the database says."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction

HASH = "decode(repeat('00', 32), 'hex')"
ENTRY = f"""
    INSERT INTO ledger_entry
        (kind, source, idempotency_key, facts_hash, content_hash, effective_date, event_at, actor, memo)
    VALUES ('test', 'order:1', '{{key}}', {HASH}, {HASH}, '{{day}}', '2026-10-20 17:00Z', 'system', '') RETURNING id
"""
POSTING = """
    INSERT INTO ledger_posting (entry_id, ordinal, debit, credit, currency, amount_minor, effective_date)
    SELECT {entry}, {ordinal}, d.id, c.id, '{currency}', {amount}, '{day}'
      FROM ledger_account d, ledger_account c
     WHERE d.purpose = '{debit}' AND c.purpose = '{credit}'
"""


def sql(text: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(text)
        return cursor.fetchone() if cursor.description else None


def raw_entry(key: str = "k", day: str = "2026-10-20") -> int:
    return int(sql(ENTRY.format(key=key, day=day))[0])


def raw_posting(entry: int, **changes: Any) -> None:
    usual = {"ordinal": 1, "debit": "clearing", "credit": "sales", "currency": "usd", "amount": 5, "day": "2026-10-20"}
    sql(POSTING.format(**usual | changes, entry=entry))


def check_at_commit() -> None:
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("SET CONSTRAINTS ALL DEFERRED")


def as_owner(text: str, *values: Any) -> None:
    """What a superuser can do past every guard."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(text, values)
        cursor.execute("SET LOCAL session_replication_role = origin")
