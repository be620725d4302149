"""What a posting costs on disk: the promise is 130 bytes with all its indexes (DESIGN.md section 3)."""

from __future__ import annotations

import pytest
from django.db import connection

from tests.ledger.facts import accrual, balance_transaction, post, sale


@pytest.mark.usefixtures("books")
def test_posting_takes_at_most_130_bytes_with_its_indexes() -> None:
    with connection.cursor() as cursor:  # other tests' rolled back rows still lie in the files
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("TRUNCATE ledger_posting")
        cursor.execute("SET LOCAL session_replication_role = origin")

    for batch in range(0, 1500, 500):
        orders = range(batch, batch + 500)
        post(*(sale(f"ch_{i}", goods_minor=1800 + 100 * (i % 40), tax_minor=150 + i % 90) for i in orders))
        post(*(balance_transaction(f"txn_{i}", amount_minor=5000 + i % 400, fee_minor=100 + i % 80) for i in orders))
        post(*(accrual(f"allocation:{i}", partner=f"partner:{i % 9}", amount_minor=300 + i % 60) for i in orders))

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_total_relation_size('ledger_posting')::float / count(*), count(*) FROM ledger_posting"
        )
        bytes_each, postings = cursor.fetchone()

    assert postings == 1500 * 7
    assert bytes_each <= 130
