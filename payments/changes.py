"""What this transaction has changed so far, as the server itself counts it."""

from __future__ import annotations

from collections import Counter

from django.db import connection


def changed_rows() -> Counter[str]:
    """Rows that this transaction added, changed or deleted, by table; what it took back by a savepoint included."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables
             WHERE n_tup_ins + n_tup_upd + n_tup_del > 0
            """
        )
        return Counter(dict(cursor.fetchall()))
