"""`manage.py books` passes honest books and names each row that the database's owner changed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, transaction

from ledger import books as ledger_books
from ledger import contents, invariants, seal_checks
from ledger.books import Check
from ledger.books_report import summary_lines
from ledger.discrepancies import Found
from ledger.models import Entry, ReconciliationException
from ledger.operations.open_exception import keep_exceptions
from ledger.operations.open_months import open_months
from ledger.summary import open_exceptions, summary
from people import clock
from people.models import Organisation
from tests.ledger.facts import accrual, balance_transaction, entry, gift, post, sale
from tests.ledger.kinds import made_up
from tests.ledger.raw import as_owner

pytestmark = pytest.mark.usefixtures("books")


@pytest.fixture(autouse=True)
def only_the_ledgers_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other packages' checks have tests of their own."""
    monkeypatch.setattr(ledger_books, "_checks", {})
    monkeypatch.setattr(ledger_books, "_open_items", {})
    ledger_books.register(*invariants.CHECKS, *seal_checks.CHECKS)


@pytest.fixture
def posted(books: None) -> dict[str, int]:
    """Entry ids by key."""
    open_months(around=clock.now())
    drafts = [sale(), balance_transaction(), accrual(), gift(), entry("m:1", ("bank", "suspense", 5), kind="manual")]
    with transaction.atomic():
        ids = {draft.key: result.entry_id for draft, result in zip(drafts, post(*drafts), strict=True)}
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    return ids


def findings() -> dict[str, tuple[str, ...]]:
    return {result.name: result.findings for result in ledger_books.run() if result.count}


def run(*options: str) -> str:
    out = StringIO()
    call_command("books", *options, stdout=out)
    return out.getvalue()


def test_honest_books_pass(posted: dict[str, int]) -> None:
    assert findings() == {}
    report = run()
    assert "  L2  ok     each entry is as it was posted\n" in report
    assert "      ok     the guards of the books stand\n" in report
    assert report.endswith(f"\n\nThe books add up: {len(ledger_books._checks)} checks passed.\n")


def test_empty_books_pass() -> None:
    open_months(around=clock.now())

    assert findings() == {}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger_posting SET amount_minor = amount_minor + 1 WHERE entry_id = %s AND ordinal = 1",
        "UPDATE ledger_posting SET debit = credit, credit = debit WHERE entry_id = %s AND ordinal = 4",
        "DELETE FROM ledger_posting WHERE entry_id = %s AND ordinal = 4",
        "UPDATE ledger_entry SET source = 'order:1043' WHERE id = %s",
        "UPDATE ledger_entry SET event_at = event_at + interval '1 microsecond' WHERE id = %s",
        "UPDATE ledger_entry SET content_hash = facts_hash WHERE id = %s",
        "UPDATE ledger_entry SET reverses_id = id WHERE id = %s",
    ],
)
def test_row_that_the_owner_changed_is_named(posted: dict[str, int], change: str) -> None:
    key = "stripe:charge:ch_1:sale"

    as_owner(change, posted[key])

    assert findings() == {
        "each entry is as it was posted": (
            f"sale {key} (entry {posted[key]}) was changed after it was posted: its content hash differs",
        )
    }


def test_entry_that_moves_the_stripe_balance_without_a_balance_transaction_is_named(posted: dict[str, int]) -> None:
    [wrong] = post(entry("stripe:charge:ch_1:other", ("bank", "stripe_balance", 5), kind="bank_line"))

    assert findings() == {
        "only balance transactions move the Stripe balance": (
            f"bank_line stripe:charge:ch_1:other (entry {wrong.entry_id}) moves the Stripe balance by -$0.05",
        )
    }


def test_months_are_counted_from_the_organisations_own_day() -> None:
    """It is November in London, and still October in Kansas City."""
    Organisation.objects.create(display_name="Tassel Collective", zone_name="America/Chicago")
    as_owner("DELETE FROM ledger_period WHERE yyyymm > 202701")

    with time_machine.travel(datetime(2026, 11, 1, 3, 0, tzinfo=UTC)):
        october = list(invariants.months_are_there())
    with time_machine.travel(datetime(2026, 11, 1, 5, 0, tzinfo=UTC)):
        november = list(invariants.months_are_there())

    assert (october, november) == ([], ["202702 is not in the books: run manage.py prepare"])


def test_renamed_entry_is_named_as_it_is_now(posted: dict[str, int]) -> None:
    pk = posted["stripe:charge:ch_1:sale"]

    as_owner("UPDATE ledger_entry SET kind = 'gift', idempotency_key = 'other' WHERE id = %s", pk)

    [finding] = findings()["each entry is as it was posted"]
    assert finding.startswith(f"gift other (entry {pk}) was changed")


def test_entry_moved_to_another_day_is_named_twice_over(posted: dict[str, int]) -> None:
    pk = posted["allocation:1:accrual"]

    as_owner("UPDATE ledger_entry SET effective_date = '2026-09-30' WHERE id = %s", pk)

    named = findings()
    assert set(named) == {"each posting is whole", "each entry is as it was posted"}
    assert named["each posting is whole"] == (
        f"accrual allocation:1:accrual (entry {pk}), posting 1: another day than its entry",
    )


def test_entry_without_its_postings_is_named(posted: dict[str, int]) -> None:
    pk = posted["m:1"]

    as_owner("DELETE FROM ledger_posting WHERE entry_id = %s", pk)

    assert findings() == {"each entry is as it was posted": (f"manual m:1 (entry {pk}) has no posting",)}


def test_deleted_entry_is_missed_by_its_postings_and_by_the_queue(posted: dict[str, int]) -> None:
    pk = posted["m:1"]

    as_owner("DELETE FROM ledger_entry WHERE id = %s", pk)

    assert findings() == {
        "each posting is whole": (f"entry gone (entry {pk}), posting 1: its entry is gone",),
        "each entry is sealed or waits for it": (f"entry {pk} is sealed or waits for its seal, and is gone",),
    }


def test_entry_out_of_the_queue_is_named(posted: dict[str, int]) -> None:
    pk = posted["m:1"]

    as_owner("DELETE FROM ledger_unsealed WHERE entry_id = %s", pk)

    assert findings() == {
        "each entry is sealed or waits for it": (f"manual m:1 (entry {pk}) is not sealed and does not wait for it",)
    }


def test_posting_on_an_account_of_another_currency_unbalances_both(posted: dict[str, int]) -> None:
    post(entry("e:1", ("bank", "suspense", 7), currency="eur"))
    move = """UPDATE ledger_posting
                 SET debit = (SELECT id FROM ledger_account WHERE purpose = 'bank' AND currency = 'eur')
               WHERE entry_id = %s"""

    as_owner(move, posted["m:1"])

    named = findings()
    assert named["debits equal credits in each currency"] == (
        "eur: debits minus credits are €0.05",
        "usd: debits minus credits are -$0.05",
    )
    assert "an account of another currency" in named["each posting is whole"][0]


@pytest.mark.parametrize(
    "change", ["code = '9999'", "type = 'income'", "owner = 'partner:1'", "purpose = 'petty_cash'"]
)
def test_account_that_left_the_chart_is_named(posted: dict[str, int], change: str) -> None:
    as_owner(f"UPDATE ledger_account SET {change} WHERE purpose = 'clearing'")

    assert len(findings()["each account fits the chart"]) == 1


def test_missing_months_are_named(posted: dict[str, int]) -> None:
    today = clock.now().date()
    after = [(today.year * 12 + today.month - 1 + months) for months in (0, 3, 4)]
    missing = [month // 12 * 100 + month % 12 + 1 for month in after]
    past = 202610 if missing[0] != 202610 else 0

    as_owner("DELETE FROM ledger_period WHERE yyyymm = ANY(%s)", [*missing, past])

    named = findings()["each month needed is in the books"]
    assert ("202610 has entries and is not in the books" in named) is bool(past)
    assert [line for line in named if "prepare" in line] == [
        f"{month} is not in the books: run manage.py prepare" for month in missing[:2]
    ]


def test_guard_that_was_switched_off_is_named(posted: dict[str, int]) -> None:
    as_owner("ALTER TABLE ledger_posting DISABLE TRIGGER ledger_posting_append_only")

    assert findings() == {
        "the guards of the books stand": ("ledger_posting_append_only on ledger_posting is missing or switched off",)
    }


def test_command_says_what_is_wrong_and_fails(posted: dict[str, int]) -> None:
    as_owner("UPDATE ledger_posting SET amount_minor = 1 WHERE entry_id = %s", posted["m:1"])
    out = StringIO()

    with pytest.raises(CommandError, match=f"1 of {len(ledger_books._checks)} checks failed") as failed:
        call_command("books", stdout=out, no_color=True)

    assert failed.value.returncode == 1
    assert "  L2  WRONG  each entry is as it was posted: 1 found\n             - manual m:1 (entry" in out.getvalue()


def test_json_report(posted: dict[str, int]) -> None:
    assert json.loads(run("--json"))["ok"] is True
    as_owner("UPDATE ledger_posting SET amount_minor = 1 WHERE entry_id = %s", posted["m:1"])
    out = StringIO()

    with pytest.raises(CommandError):
        call_command("books", "--json", stdout=out)

    report = json.loads(out.getvalue())
    [wrong] = [check for check in report["checks"] if check["count"]]
    assert report["ok"] is False
    assert (wrong["code"], wrong["name"]) == ("L2", "each entry is as it was posted")
    assert wrong["findings"][0].startswith(f"manual m:1 (entry {posted['m:1']})")


def test_long_list_is_cut_and_counted(posted: dict[str, int]) -> None:
    post(*(entry(f"n:{i}", ("bank", "suspense", 5)) for i in range(30)))
    as_owner("UPDATE ledger_posting SET amount_minor = 6 WHERE entry_id <> ALL(%s)", list(posted.values()))
    out = StringIO()

    with pytest.raises(CommandError):
        call_command("books", stdout=out, no_color=True)

    assert "posted: 30 found" in out.getvalue()
    assert "… and 10 more" in out.getvalue()
    assert out.getvalue().count("was changed") == ledger_books.FINDINGS_MAX


def test_check_of_another_package_counts(posted: dict[str, int]) -> None:
    def each_order_is_sold() -> Iterator[str]:
        yield "order:7 has no sale"

    ledger_books.register(Check("", "each order is sold", each_order_is_sold))
    ledger_books.register(Check("", "each order is sold", each_order_is_sold))

    assert findings() == {"each order is sold": ("order:7 has no sale",)}
    with pytest.raises(ValueError, match="another check"):
        ledger_books.register(Check("", "each order is sold", lambda: []))


def test_checks_stand_in_the_order_of_their_codes(posted: dict[str, int]) -> None:
    ledger_books.register(Check("L13", "a", lambda: []))
    ledger_books.register(Check("L2", "b", lambda: []))

    codes = [check.code for check in ledger_books.checks()]

    assert codes[:3] == ["L1", "L1", "L2"]
    assert [check.name for check in ledger_books.checks() if check.code == "L2"][-1] == "b"
    assert (codes.index("L13"), set(codes[codes.index("L13") + 1 :])) == (codes.index("") - 1, {""})


def test_check_that_cannot_be_run_is_wrong_and_stops_no_other(posted: dict[str, int]) -> None:
    def asks_nonsense() -> Iterator[str]:
        yield "order:7 has no sale"
        with connection.cursor() as cursor:
            cursor.execute("SELECT nonsense")

    ledger_books.register(Check("L1", "each order is sold", asks_nonsense))

    found = {result.name: result for result in ledger_books.run()}

    first, second = found["each order is sold"].findings
    assert first == "order:7 has no sale"
    assert second.startswith('this check could not be run: ProgrammingError: column "nonsense" does not exist')
    assert found["the guards of the books stand"].count == 0


def test_report_says_what_stands_where_and_what_is_open(posted: dict[str, int]) -> None:
    Organisation.objects.create(display_name="Tassel Collective", zone_name="America/Chicago")
    since = clock.now() - timedelta(days=3, hours=1)
    items = [ledger_books.OpenItem(f"stripe:charge:ch_{n}", 5180, "usd", since) for n in range(21)]
    ledger_books.register_open_items("Processor clearing (1040)", lambda: items)
    ledger_books.register_open_items("On the way to partners", lambda: [])

    report = run()

    assert report.startswith("The books of Tassel Collective, ")
    assert "5 entries with 10 postings; 0 are sealed, 5 wait for it. No month is closed.\n" in report
    assert "\nWhat we have (USD): $101.86\n  1010  Bank                                         $0.05\n" in report
    assert "\nWhat we owe (USD): $12.30\n  2110  Partner payable                              $8.64\n" in report
    assert "\nWhat is ours (USD): $89.56\n" in report
    assert "\nProcessor clearing (1040): 21 open, $1,087.80\n" in report
    assert report.count(f"            $51.80  since {since:%Y-%m-%d}, 3 days\n") == 20
    assert "  … and 1 more\n\nOn the way to partners: nothing open\n" in report


def test_report_lists_exceptions_until_somebody_settles_them(posted: dict[str, int]) -> None:
    at = clock.now() - timedelta(days=2, minutes=1)
    kind = made_up("fee_differs", timedelta(hours=1))
    found = [Found("stripe:bt:txn_1", -5, "usd"), Found("stripe:po:1")]
    keep_exceptions(kind, found, now=at)
    ReconciliationException.objects.filter(subject="stripe:po:1").update(resolved_at=at, resolution="gone")
    ledger_books.register_open_items("Exceptions", open_exceptions)

    assert "\nExceptions: 1 open, -$0.05\n  fee_differs stripe:bt:txn_1                       -$0.05  since" in run()


def test_report_says_which_months_are_closed(posted: dict[str, int]) -> None:
    as_owner("UPDATE ledger_period SET state = 'closed' WHERE yyyymm <= 202609")
    as_owner("UPDATE ledger_period SET state = 'soft_closed' WHERE yyyymm IN (202610, 202611)")

    found = summary(clock.now())

    assert (found.closed_through, found.soft_closed) == (202609, [202610, 202611])
    assert "Closed through 2026-09, softly closed: 2026-10, 2026-11." in next(summary_lines(found))


def test_json_has_all_that_the_report_shows(posted: dict[str, int]) -> None:
    since = clock.now() - timedelta(days=3, hours=1)
    ledger_books.register_open_items("Open", lambda: [ledger_books.OpenItem("ch_1", 5180, "usd", since)] * 21)

    facts = json.loads(run("--json"))

    assert facts["counts"] == {"entries": 5, "postings": 10, "sealed": 0, "waiting": 5}
    assert sum(balance["balance_minor"] for balance in facts["balances"]) == 0
    assert {"code": "1010", "name": "Bank", "type": "asset", "currency": "usd", "balance_minor": 5} in facts["balances"]
    assert (len(facts["open_items"]["Open"]), facts["open_items"]["Open"][0]["age_days"]) == (21, 3)
    assert {"code": "L1", "name": "each posting is whole", "findings": [], "count": 0} in facts["checks"]


def test_entry_whose_postings_come_in_two_fetches_is_whole(
    posted: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "ROWS_AT_ONCE", 3)

    assert list(invariants.entries_are_as_posted()) == []


@pytest.mark.django_db(transaction=True)
def test_posting_beside_the_checks_is_not_taken_for_an_error(posted: dict[str, int]) -> None:
    """All checks see one moment, however long they take."""
    beside = threading.Thread(target=lambda: (post(sale("ch_beside")), connection.close()))
    counts: list[int] = []

    def count_before_and_after() -> Iterator[str]:
        for work in (beside.start, beside.join):
            work()
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM ledger_entry")
                counts.append(cursor.fetchone()[0])
        yield from ()

    ledger_books.register(Check("", "slow", count_before_and_after))

    run()

    assert counts == [5, 5]
    assert Entry.objects.count() == 6


def test_entry_that_waits_a_minute_after_the_longest_transaction_is_named(posted: dict[str, int]) -> None:
    pk = posted["m:1"]
    for seconds, wanted in ((295, 0), (305, 1)):
        as_owner("UPDATE ledger_entry SET recorded_at = now() - make_interval(secs => %s) WHERE id = %s", seconds, pk)

        named = findings().get("nothing waits long for its seal", ())

        assert len(named) == wanted
    assert named[0].startswith(f"manual m:1 (entry {pk}) waits for its seal since 20")
