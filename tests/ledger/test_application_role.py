"""The role of the web and worker processes can post, seal and close, and cannot change what is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection, transaction

from ledger.invariants import entries_are_as_posted
from ledger.models import BalanceSnapshot, Period, Seal
from ledger.operations.anchor_head import anchor_head
from ledger.operations.open_months import open_months
from ledger.operations.seal_entries import ContentMismatch, seal_all
from ledger.queries import balance
from people.models import Organisation, User
from tests.ledger.closing import close, person, reopen
from tests.ledger.facts import NOW, accrual, gift, post, sale
from tests.ledger.raw import check_at_commit, raw_entry, raw_posting, sql

ROLE = "tassel_app_for_a_test"
ADD_ONLY = {"account", "entry", "posting", "seal", "period", "anchor", "ledgerexport", "proof", "proofleaf"}
ADD_ONLY |= {"manualentryedit", "booksrun", "exceptionevent"}
READ_ONLY = {"unsealed", "periodevent", "balancesnapshot"}
PROOF = """
    INSERT INTO ledger_proof (partner, yyyymm, currency, through_seq, total_minor, root, leaf_count, taken_back_minor,
                              paid_minor, published_at)
    VALUES ('partner:1', {yyyymm}, 'usd', {through_seq}, 0, sha256('x'), 8, 0, 0, now())
"""
pytestmark = pytest.mark.usefixtures("books")


@pytest.fixture(autouse=True)
def role(books: None) -> None:
    """Made inside the test's transaction, so that it goes with it."""
    Organisation.objects.update_or_create(pk=1, defaults={"display_name": "T", "contact_email": "b@example.org"})
    call_command("database_roles", ROLE)
    for name in ("ana", "ben"):
        person(name)  # who holds a role holds it from somebody else than the application


@contextmanager
def as_application() -> Iterator[None]:
    sql(f"SET LOCAL ROLE {ROLE}")
    yield
    sql("RESET ROLE")


def test_it_posts_seals_closes_and_reopens() -> None:
    person("ana"), person("ben")  # the application itself gives nobody a role
    with as_application():
        post(sale(), accrual())
        check_at_commit()
        assert seal_all() == 2
        assert close(202610).through_seq == 2
        assert anchor_head(now=NOW) == "anchored"
        reopen(202610)
        post(gift())
        check_at_commit()
        open_months(around=NOW, ahead=30)

        assert balance("payable", "partner:1") == -864
        call_command("verify_chain")

    assert Seal.objects.count() == 2
    assert BalanceSnapshot.objects.filter(event__period_id=202610).count() == 7


def test_it_does_what_else_a_shop_does() -> None:
    with as_application():
        someone = User.objects.create_user("carla@example.org")
        User.objects.filter(pk=someone.pk).update(name="Carla")
        someone.delete()
        Period.objects.count()


@pytest.mark.parametrize("table", sorted(ADD_ONLY | READ_ONLY))
@pytest.mark.parametrize("change", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_it_changes_nothing_that_is_written(table: str, change: str) -> None:
    column = apps.get_model("ledger", table)._meta.concrete_fields[0].column
    with as_application(), pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        sql(change.format(f"ledger_{table}", column, column))


@pytest.mark.parametrize("table", sorted(READ_ONLY))
def test_it_adds_only_through_the_functions(table: str) -> None:
    with as_application(), pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        sql(f"INSERT INTO ledger_{table} SELECT * FROM ledger_{table}")


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE ledger_entry DISABLE TRIGGER USER",
        "SET LOCAL session_replication_role = replica",
        "DROP FUNCTION ledger_begin_close(integer, timestamptz)",
        "CREATE OR REPLACE FUNCTION ledger_two_persons(wanted text, content text, OUT approval bigint,"
        " OUT asked bigint, OUT approved bigint) LANGUAGE sql AS 'SELECT 1::bigint, 1::bigint, 2::bigint'",
    ],
)
def test_it_switches_no_guard_off(change: str) -> None:
    with (
        as_application(),
        pytest.raises(DatabaseError, match=r"permission denied|must be owner"),
        transaction.atomic(),
    ):
        sql(change)


UPSERT = """
    INSERT INTO ledger_{table} SELECT * FROM ledger_{table}
        ON CONFLICT ({key}) DO UPDATE SET {column} = excluded.{column}
"""


@pytest.mark.parametrize("table", sorted(ADD_ONLY - {"posting"}))
def test_it_changes_nothing_by_adding_it_again(table: str) -> None:
    model = apps.get_model("ledger", table)._meta
    upsert = UPSERT.format(table=table, key=model.pk.column, column=model.concrete_fields[-1].column)
    with as_application(), pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        sql(upsert)


def test_no_guard_can_be_called_by_anybody_but_the_owner() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT p.proname FROM pg_proc p
             WHERE p.pronamespace = 'public'::regnamespace AND p.prorettype = 'trigger'::regtype
               AND has_function_privilege(%s, p.oid, 'EXECUTE')
            """,
            [ROLE],
        )
        assert cursor.fetchall() == []


def test_it_hangs_no_guard_on_a_table_of_its_own() -> None:
    """A guard that runs as the owner would put into the queue whatever such a table holds."""
    with as_application():
        sql("CREATE TEMP TABLE mine (LIKE ledger_entry)")
        for function in ("ledger_guard_new_entries", "ledger_guard_new_seals", "ledger_refuse"):
            with pytest.raises(DatabaseError, match="permission denied for function"), transaction.atomic():
                hang(function, "mine")


@pytest.mark.parametrize(
    ("function", "table"), [("ledger_guard_new_entries", "ledger_entry"), ("ledger_guard_new_seals", "ledger_seal")]
)
def test_guard_that_was_hung_on_another_table_writes_nothing(function: str, table: str) -> None:
    """As the owner, who may call it: the guard itself knows its table."""
    post(sale())
    check_at_commit()
    seal_all()
    sql(f"CREATE TEMP TABLE mine (LIKE {table})")
    hang(function, "mine")

    with pytest.raises(DatabaseError, match=f"guards {table}, not mine"), transaction.atomic():
        sql(f"INSERT INTO mine SELECT * FROM {table}")


def test_what_is_sealed_does_not_wait_again() -> None:
    [posted] = post(sale())
    check_at_commit()
    seal_all()

    with pytest.raises(DatabaseError, match=f"entry {posted.entry_id} is sealed"), transaction.atomic():
        sql(f"INSERT INTO ledger_unsealed (entry_id) VALUES ({posted.entry_id})")
    assert seal_all() == 1


def test_it_anchors_nothing_that_the_chain_does_not_say() -> None:
    post(sale())
    check_at_commit()
    seal_all()

    for seq in (1, 2):
        with as_application(), pytest.raises(DatabaseError, match=f"an anchor at {seq} is not"), transaction.atomic():
            sql(f"INSERT INTO ledger_anchor (anchored_on, seq, hash) VALUES ('2026-10-20', {seq}, sha256('x'))")
    with as_application():
        sql("INSERT INTO ledger_anchor (anchored_on, seq, hash) SELECT '2026-10-20', seq, hash FROM ledger_seal")
        call_command("verify_chain")


def test_it_publishes_no_root_of_a_month_that_is_not_closed_so() -> None:
    post(sale())
    close(202610)

    for yyyymm, through_seq in ((202611, 1), (202610, 0), (202610, 2)):
        with as_application(), pytest.raises(DatabaseError, match=f"a proof of {yyyymm} is not"), transaction.atomic():
            sql(PROOF.format(yyyymm=yyyymm, through_seq=through_seq))
    with as_application():
        sql(PROOF.format(yyyymm=202610, through_seq=1))


def test_entry_with_a_false_hash_is_named_and_nothing_behind_it_is_sealed() -> None:
    """Who may add entries may add such a one: it stops the sealer, loudly, until somebody has looked at it."""
    post(sale())
    with as_application():
        false = raw_entry()
        raw_posting(false)
        check_at_commit()
        with pytest.raises(ContentMismatch, match=rf"test k \(entry {false}\) is not as posted"):
            seal_all()

    assert not Seal.objects.exists()
    assert [finding for finding in entries_are_as_posted() if f"test k (entry {false}) was changed" in finding]


def hang(function: str, table: str) -> None:
    sql(
        f"CREATE TRIGGER hung AFTER INSERT ON {table} REFERENCING NEW TABLE AS fresh"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
    )


def test_nobody_else_may_call_the_functions_of_two_persons() -> None:
    sql("CREATE ROLE tassel_stranger_for_a_test")
    sql("SET LOCAL ROLE tassel_stranger_for_a_test")

    for call in (
        "ledger_soft_close(202610, true, 1, now())",
        "ledger_begin_close(202610, now())",
        "ledger_finish_close(202610, now())",
        "ledger_reopen(202610, now())",
        "ledger_close_account(1)",
    ):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            sql(f"SELECT {call}")


def test_every_other_table_is_its_own() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.relname, string_agg(p.name, ' ' ORDER BY p.name) FROM pg_class c,
                   unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) AS p(name)
             WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
               AND has_table_privilege(%s, c.oid, p.name)
             GROUP BY 1
            """,
            [ROLE],
        )
        granted = dict(cursor.fetchall())

    less = {table: rights for table, rights in granted.items() if rights != "DELETE INSERT SELECT UPDATE"}
    assert less == (
        {f"ledger_{table}": "INSERT SELECT" for table in ADD_ONLY}
        | {f"ledger_{table}": "SELECT" for table in READ_ONLY}
        | {"django_migrations": "SELECT"}
    )


def test_running_it_again_takes_away_what_was_given_by_hand() -> None:
    sql(f"GRANT UPDATE, TRUNCATE ON ledger_entry TO {ROLE}")

    call_command("database_roles", ROLE)

    assert sql(f"SELECT has_table_privilege('{ROLE}', 'ledger_entry', 'UPDATE, TRUNCATE')") == (False,)


def test_owner_of_the_books_and_nonsense_are_refused() -> None:
    [owner] = sql("SELECT current_user::text")
    with pytest.raises(CommandError, match="owns the books or is a superuser"):
        call_command("database_roles", owner)
    with pytest.raises(CommandError, match="not a name"):
        call_command("database_roles", "app; DROP TABLE x")
