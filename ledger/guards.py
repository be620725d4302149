"""Which guards the database must have, and which of them are missing or switched off."""

from __future__ import annotations

from typing import Final

from django.db import connection

GUARDS: Final = frozenset(
    {
        ("ledger_account", "ledger_account_identity"),
        ("ledger_account", "ledger_account_no_truncate"),
        ("ledger_account", "ledger_account_stays"),
        ("ledger_entry", "ledger_entry_append_only"),
        ("ledger_entry", "ledger_entry_has_postings"),
        ("ledger_entry", "ledger_entry_no_truncate"),
        ("ledger_entry", "ledger_new_entries"),
        ("ledger_period", "ledger_period_identity"),
        ("ledger_period", "ledger_period_no_truncate"),
        ("ledger_period", "ledger_period_stays"),
        ("ledger_posting", "ledger_new_postings"),
        ("ledger_posting", "ledger_posting_append_only"),
        ("ledger_posting", "ledger_posting_no_truncate"),
    }
)


def missing_guards() -> list[str]:
    """The guards that do not stand in this database, as "trigger on table", sorted."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.relname, t.tgname
              FROM pg_trigger t
              JOIN pg_class c ON c.oid = t.tgrelid
             WHERE c.relnamespace = 'public'::regnamespace AND t.tgenabled IN ('O', 'A')
            """
        )
        standing = set(cursor.fetchall())
    return sorted(f"{trigger} on {table}" for table, trigger in GUARDS - standing)
