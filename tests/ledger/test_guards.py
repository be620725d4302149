"""The database refuses by itself what must never happen to the books, whoever asks."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import DatabaseError, IntegrityError, connection, transaction

from ledger.guards import GUARDS, missing_guards
from ledger.models import Entry, Posting
from tests.ledger.facts import post, sale
from tests.ledger.raw import ENTRY, check_at_commit, raw_entry, raw_posting, sql

DAYS_REFUSED = [("2026-09-30", "TS001"), ("2026-08-31", "TS001"), ("1999-12-31", "TS003")]


@pytest.fixture
def entry_id(books: None) -> int:
    with transaction.atomic():
        [posted] = post(sale())
        check_at_commit()
        sql("SET CONSTRAINTS ALL DEFERRED")
    return posted.entry_id


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger_entry SET memo = 'x'",
        "UPDATE ledger_entry SET idempotency_key = 'x'",
        "DELETE FROM ledger_entry",
        "TRUNCATE ledger_entry CASCADE",
        "UPDATE ledger_posting SET amount_minor = amount_minor + 1",
        "DELETE FROM ledger_posting",
        "TRUNCATE ledger_posting",
        "UPDATE ledger_account SET owner = 'partner:9'",
        "UPDATE ledger_account SET code = '9999'",
        "UPDATE ledger_account SET restriction = 'perpetual'",
        "DELETE FROM ledger_account",
        "TRUNCATE ledger_account CASCADE",
        "UPDATE ledger_period SET yyyymm = 190001 WHERE yyyymm = 202610",
        "DELETE FROM ledger_period",
        "TRUNCATE ledger_period CASCADE",
        """INSERT INTO ledger_entry SELECT * FROM ledger_entry
           ON CONFLICT (idempotency_key) DO UPDATE SET memo = 'x'""",
    ],
)
def test_what_is_written_stays(entry_id: int, change: str) -> None:
    with pytest.raises(IntegrityError, match="append-only") as refused, transaction.atomic():
        sql(change)

    assert refused.value.__cause__ is not None
    assert getattr(refused.value.__cause__, "sqlstate", "") == "23514"
    assert Posting.objects.filter(entry_id=entry_id).count() == 4


def test_orm_is_refused_too(entry_id: int) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Entry.objects.filter(pk=entry_id).update(memo="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        Posting.objects.filter(entry_id=entry_id).delete()


def test_entry_without_a_posting_is_refused_at_commit(books: None) -> None:
    with pytest.raises(IntegrityError, match="has no posting"), transaction.atomic():
        raw_entry()
        check_at_commit()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"amount": 0}, "posting_amount_above_zero"),
        ({"amount": -5}, "posting_amount_above_zero"),
        ({"debit": "sales"}, "posting_two_accounts"),
        ({"currency": "eur"}, "account of another currency, or none"),
        ({"day": "2026-10-21"}, "another effective date"),
    ],
)
def test_posting_that_does_not_fit_is_refused(entry_id: int, changes: dict[str, Any], why: str) -> None:
    with pytest.raises(IntegrityError, match=why), transaction.atomic():
        raw_posting(raw_entry(), **changes)


def test_posting_of_an_entry_or_onto_an_account_that_is_not_there_is_refused(entry_id: int) -> None:
    with pytest.raises(IntegrityError, match="was written by another transaction"), transaction.atomic():
        raw_posting(999_999)
    with pytest.raises(IntegrityError, match="another currency, or none"), transaction.atomic():
        sql(
            "INSERT INTO ledger_posting (entry_id, ordinal, debit, credit, currency, amount_minor, effective_date)"
            f" VALUES ({raw_entry()}, 1, 999998, 999999, 'usd', 5, '2026-10-20')"
        )


def test_fitting_posting_written_by_hand_is_accepted(entry_id: int) -> None:
    pk = raw_entry()
    raw_posting(pk)
    check_at_commit()

    assert Posting.objects.filter(entry_id=pk).count() == 1


def test_posting_onto_an_account_that_is_closed_is_refused(entry_id: int) -> None:
    sql("UPDATE ledger_account SET is_open = false WHERE purpose = 'sales'")

    with pytest.raises(IntegrityError, match="closed account"), transaction.atomic():
        raw_posting(raw_entry())


@pytest.mark.django_db(transaction=True)
def test_posting_into_an_entry_of_another_transaction_is_refused(entry_id: int) -> None:
    with pytest.raises(IntegrityError, match="written by another transaction"), transaction.atomic():
        raw_posting(entry_id, ordinal=5)

    assert Posting.objects.filter(entry_id=entry_id).count() == 4


def test_second_statement_of_postings_for_one_entry_is_refused(entry_id: int) -> None:
    pk = raw_entry()
    raw_posting(pk)

    with pytest.raises(IntegrityError, match="not written at once"), transaction.atomic():
        raw_posting(pk, ordinal=2)


def test_entry_that_claims_another_transaction_is_refused(books: None) -> None:
    claim = ENTRY.format(key="k", day="2026-10-20").replace("memo)", "memo, created_xid)").replace("'')", "'', '3')")

    with pytest.raises(IntegrityError, match="names the transaction"), transaction.atomic():
        sql(claim)


@pytest.mark.parametrize(("day", "sqlstate"), DAYS_REFUSED)
def test_month_that_is_not_open_is_refused(books: None, day: str, sqlstate: str) -> None:
    sql("UPDATE ledger_period SET state = 'closed' WHERE yyyymm = 202608")
    sql("UPDATE ledger_period SET state = 'soft_closed' WHERE yyyymm = 202609")

    with pytest.raises(DatabaseError) as refused, transaction.atomic():
        raw_entry(day=day)

    assert getattr(refused.value.__cause__, "sqlstate", "") == sqlstate


@pytest.mark.parametrize("yyyymm", [202600, 202613, 99])
def test_month_that_does_not_exist_is_refused(books: None, yyyymm: int) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        sql(f"INSERT INTO ledger_period (yyyymm, state) VALUES ({yyyymm}, 'open')")


@pytest.mark.django_db(transaction=True)
def test_snapshot_isolation_is_refused(books: None) -> None:
    with pytest.raises(DatabaseError) as refused, transaction.atomic():
        sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        raw_entry()

    assert getattr(refused.value.__cause__, "sqlstate", "") == "TS002"


def test_temporary_table_cannot_pose_as_the_months(books: None) -> None:
    sql("UPDATE ledger_period SET state = 'closed' WHERE yyyymm = 202610")
    sql("CREATE TEMP TABLE ledger_period AS SELECT 202610 AS yyyymm, 'open'::text AS state")

    with pytest.raises(DatabaseError, match="202610 is closed"), transaction.atomic():
        raw_entry()


@pytest.mark.parametrize(("table", "trigger"), sorted(GUARDS))
def test_missing_guard_fails_the_system_check(db: None, table: str, trigger: str) -> None:
    call_command("check", databases=["default"], tags=["database"])
    sql(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")

    assert missing_guards() == [f"{trigger} on {table}"]
    with pytest.raises(SystemCheckError, match=trigger):
        call_command("check", databases=["default"], tags=["database"])


def test_guard_that_anybody_may_call_fails_the_system_check(db: None) -> None:
    sql("GRANT EXECUTE ON FUNCTION ledger_guard_new_seals() TO PUBLIC")

    assert missing_guards() == ["the lock on calls of ledger_guard_new_seals()"]
    with pytest.raises(SystemCheckError, match="calls of ledger_guard_new_seals"):
        call_command("check", databases=["default"], tags=["database"])


def test_every_trigger_of_the_ledger_and_of_people_is_watched(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            r"""
            SELECT relname, tgname FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid
             WHERE NOT tgisinternal AND relname ~ '^(ledger|people)_'
            """,
            (),
        )
        standing = set(cursor.fetchall())

    assert standing == GUARDS


@pytest.mark.django_db
def test_what_runs_for_each_row_never_reads_a_whole_table() -> None:
    """Their plans are kept, and may have been made while the books were empty (migration 0016)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname FROM pg_proc WHERE prorettype = 'trigger'::regtype AND starts_with(proname, 'ledger_guard')"
            " AND prosrc ~ 'ledger_(entry|posting|seal|unsealed)' AND prosrc ~ 'fresh|gone|NEW'"
            " AND NOT coalesce('enable_seqscan=off' = ANY (proconfig), false)"
        )
        unbound = [name for (name,) in cursor.fetchall()]

    assert unbound == ["ledger_guard_new_anchors"], "once a day, one row"
