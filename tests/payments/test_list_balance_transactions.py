"""Whatever the processor booked reaches the books, once, whoever tells of it and whatever happens on the way."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from ledger.models import Entry, ReconciliationException
from ledger.queries import balance
from payments import gateway
from payments.gateway import StripeUnavailable
from payments.models import BalanceListing, BalanceTransaction, Charge
from payments.operations.follow_object import follow_object
from payments.operations.list_balance_transactions import Listed, list_balance_transactions
from payments.operations.record_balance_transactions import record_balance_transactions
from payments.readers import read_balance_transaction, read_charge
from payments.readers.balance import balance_transaction_seen
from tests.payments.conftest import NOW
from tests.payments.fake_stripe import FakeStripe, balance_transaction, charge, cut_off, error

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books", "told")]
BOOKED_AT = int(NOW.timestamp()) - 3600


def put(fake: FakeStripe, bt_id: str, category: str = "charge", net: int = 100, **changes: Any) -> None:
    figures = {
        "amount": net,
        "fee": 0,
        "net": net,
        "reporting_category": category,
        "source": None,
        "type": "adjustment",
    }
    fake.put(balance_transaction(bt_id, **(figures | {"created": BOOKED_AT} | changes)))


def listed(**changes: Any) -> Listed:
    return list_balance_transactions(now=NOW, **changes)


def named() -> list[tuple[str, str, int | None]]:
    rows = ReconciliationException.objects.filter(resolved_at__isnull=True).order_by("id")
    return [(row.kind, row.subject, row.amount_minor) for row in rows]


@pytest.mark.parametrize(
    ("category", "source", "account", "about"),
    [
        ("charge", "ch_1", "clearing", "stripe:charge:ch_1"),
        ("charge_failure", "py_1", "clearing", "stripe:charge:py_1"),
        ("refund", "re_1", "clearing", "stripe:refund:re_1"),
        ("refund_failure", "pyr_1", "clearing", "stripe:refund:pyr_1"),
        ("dispute", "dp_1", "disputes", "stripe:dispute:dp_1"),
        ("dispute_reversal", "du_1", "disputes", "stripe:dispute:du_1"),
        ("payout", "po_1", "in_transit", "stripe:payout:po_1"),
        ("payout_reversal", "po_1", "in_transit", "stripe:payout:po_1"),
        ("topup", "tu_1", "in_transit", "stripe:topup:tu_1"),
        ("risk_reserved_funds", None, "stripe_reserve", "stripe:bt:txn_1"),
        ("fee", None, "processing_fees", "stripe:bt:txn_1"),
        ("tax", None, "processing_fees", "stripe:bt:txn_1"),
        ("network_cost", None, "processing_fees", "stripe:bt:txn_1"),
    ],
)
def test_each_category_has_its_other_side(
    fake: FakeStripe, category: str, source: str | None, account: str, about: str
) -> None:
    put(fake, "txn_1", category, -4321, source=source)

    assert listed() == Listed(seen=1, new=1)

    assert (balance("stripe_balance"), balance(account)) == (-4321, 4321)
    assert Entry.objects.get().source == about
    assert named() == []


@pytest.mark.parametrize("category", ["climate_order_purchase", "connect_reserved_funds", "other_adjustment"])
def test_what_has_no_place_is_in_suspense_with_an_exception(fake: FakeStripe, category: str) -> None:
    put(fake, "txn_1", category, -4321, source="tr_1")

    for _ in range(2):
        listed()

    assert (balance("stripe_balance"), balance("suspense")) == (-4321, 4321)
    assert named() == [("balance_transaction_in_suspense", "stripe:bt:txn_1", -4321)]
    assert ReconciliationException.objects.get().detail == f"{category} of tr_1"
    assert ReconciliationException.objects.get().due_at == NOW + timedelta(days=2)


@pytest.mark.parametrize(("category", "source"), [("transfer", "tr_1"), ("transfer_reversal", "trr_1")])
def test_a_transfer_that_cannot_be_looked_at_waits_with_an_exception(
    fake: FakeStripe, category: str, source: str
) -> None:
    """In suspense it would be for ever, and it may be ours."""
    put(fake, "txn_1", category, -4321, source=source)

    for _ in range(2):
        assert listed().seen == 1

    assert BalanceTransaction.objects.get().problem == "transfer_not_read"
    assert named() == [("balance_transaction_not_posted", "stripe:bt:txn_1", -4321)]
    assert not Entry.objects.exists()


def test_another_pot_of_the_processor_is_looked_at_too(fake: FakeStripe) -> None:
    put(fake, "txn_1", "fee", -5, balance_type="issuing")

    listed()

    assert balance("processing_fees") == 5
    assert named() == [("balance_transaction_in_suspense", "stripe:bt:txn_1", -5)]


def test_the_rate_of_an_exchange_is_kept(fake: FakeStripe) -> None:
    put(fake, "txn_1", net=3240, exchange_rate=1.08)

    listed()

    row = BalanceTransaction.objects.get()
    assert (str(row.exchange_rate), row.balance_type) == ("1.080000000000", "payments")


def test_a_net_that_does_not_add_up_is_posted_when_it_does(fake: FakeStripe) -> None:
    put(fake, "txn_1", amount=4800, fee=169, net=4632)
    put(fake, "txn_2", net=7)
    listed()
    assert (balance("stripe_balance"), named()) == (7, [("balance_transaction_not_posted", "stripe:bt:txn_1", 4631)])
    assert ReconciliationException.objects.get().due_at == NOW + timedelta(hours=1)

    put(fake, "txn_1", amount=4800, fee=168, net=4632)
    listed()

    assert (balance("stripe_balance"), named()) == (4639, [])
    assert BalanceTransaction.objects.get(bt_id="txn_1").problem == ""


def test_what_the_ledger_refuses_costs_the_others_nothing(fake: FakeStripe) -> None:
    put(fake, "txn_1", net=1)
    put(fake, "txn_2", net=2, created=915_148_800)
    put(fake, "txn_3", net=4)
    page = [gateway.client().balance_transaction(f"txn_{number}") for number in (1, 2, 3)]

    assert record_balance_transactions([balance_transaction_seen(bt) for bt in page], now=NOW) == 3

    assert balance("stripe_balance") == 5
    assert named() == [("balance_transaction_not_posted", "stripe:bt:txn_2", 2)]
    assert BalanceTransaction.objects.get(bt_id="txn_2").problem == "no_such_month"


def test_what_is_posted_stays_and_a_change_is_named(fake: FakeStripe) -> None:
    put(fake, "txn_1", net=100)
    listed()

    put(fake, "txn_1", net=101, available_on=BOOKED_AT + 60)
    listed()

    row = BalanceTransaction.objects.get()
    assert (row.amount_minor, balance("stripe_balance")) == (100, 100)
    assert row.available_at == datetime.fromtimestamp(BOOKED_AT + 60, UTC)
    assert named() == [("balance_transaction_changed", "stripe:bt:txn_1", 101)]


def test_a_row_in_the_database_is_posted_or_says_why_not(fake: FakeStripe) -> None:
    put(fake, "txn_1", amount=5, fee=0, net=6)
    listed()

    with pytest.raises(IntegrityError):
        BalanceTransaction.objects.update(problem="")


def test_the_charge_is_linked_whoever_comes_first(fake: FakeStripe) -> None:
    for number, first in ((1, "listing"), (2, "charge")):
        bt = balance_transaction(f"txn_{number}", source=f"ch_{number}", created=BOOKED_AT)
        fake.put(bt)
        fake.put(charge(f"ch_{number}", balance_transaction=bt))
        if first == "listing":
            listed()
        follow_object(reader=read_charge, object_id=f"ch_{number}", at=NOW, now=NOW)
        listed()

    assert [c.balance_transaction.bt_id for c in Charge.objects.order_by("id")] == ["txn_1", "txn_2"]
    assert Entry.objects.count() == 2
    assert named() == []


def test_pages_that_grow_while_they_are_listed_lose_nothing_and_double_nothing(fake: FakeStripe) -> None:
    fake.page_size = 3
    for number in range(8):
        put(fake, f"txn_{number}", net=1 << number, created=BOOKED_AT + number)

    def insert(_method: str, _path: str) -> None:
        number = len(fake.objects)
        if number < 11:
            put(fake, f"txn_{number}", net=1 << number, created=BOOKED_AT + number)

    fake.before = insert
    first = listed()
    second = listed()

    assert (first.seen, first.new + second.new) == (10, 11)
    assert balance("stripe_balance") == (1 << 11) - 1
    assert Entry.objects.count() == BalanceTransaction.objects.count() == 11


def test_it_begins_48_hours_before_the_end_of_the_last_one(fake: FakeStripe) -> None:
    BalanceListing.objects.create(through=NOW - timedelta(days=3))
    for bt_id, age in (
        ("txn_old", timedelta(days=5, seconds=1)),
        ("txn_edge", timedelta(days=5)),
        ("txn_new", timedelta(0)),
    ):
        put(fake, bt_id, created=int((NOW - age).timestamp()))

    assert listed().new == 2

    assert set(BalanceTransaction.objects.values_list("bt_id", flat=True)) == {"txn_edge", "txn_new"}
    assert BalanceListing.objects.get().through == NOW


def test_a_run_that_breaks_goes_on_where_its_last_day_ended(fake: FakeStripe) -> None:
    BalanceListing.objects.create(through=NOW - timedelta(days=4))
    fake.faults.extend([None, None, cut_off, cut_off, cut_off])

    with pytest.raises(StripeUnavailable):
        listed(overlap=timedelta(0))

    assert BalanceListing.objects.get().through == NOW - timedelta(days=2)


def test_when_time_runs_out_it_says_so_and_the_next_run_ends_it(fake: FakeStripe) -> None:
    BalanceListing.objects.create(through=NOW - timedelta(days=4))
    put(fake, "txn_1")

    assert listed(work_for_s=-1) == Listed(seen=0, new=0, complete=False)
    assert listed() == Listed(seen=1, new=1)


def test_an_earlier_run_that_ends_later_takes_nothing_back(fake: FakeStripe) -> None:
    BalanceListing.objects.create(through=NOW + timedelta(hours=1))

    listed()

    assert BalanceListing.objects.get().through == NOW + timedelta(hours=1)


def queries_of_a_listing() -> int:
    with CaptureQueriesContext(connection) as ran:
        listed()
    return len(ran)


def test_what_is_known_costs_as_many_queries_for_a_hundred_as_for_one(fake: FakeStripe) -> None:
    counts = []
    for total in (1, 100):
        for number in range(total):
            put(fake, f"txn_{number}", "fee", net=number + 1)
        listed()
        counts.append(queries_of_a_listing())

    assert counts[0] == counts[1] < 30


def test_new_ones_are_posted_together(fake: FakeStripe) -> None:
    counts = []
    for numbers in (range(1), range(1, 2), range(2, 92)):
        for number in numbers:
            put(fake, f"txn_{number}", "fee", net=number + 1)
        counts.append(queries_of_a_listing())

    assert counts[1] == counts[2]
    assert balance("stripe_balance") == sum(range(1, 93))


def test_one_can_be_looked_at_by_itself(fake: FakeStripe) -> None:
    put(fake, "txn_1", net=12)

    follow_object(reader=read_balance_transaction, object_id="txn_1", at=NOW, now=NOW)

    assert balance("stripe_balance") == 12


def test_nothing_is_listed_while_the_processor_says_no(fake: FakeStripe) -> None:
    fake.faults.append(lambda: error(401))

    with pytest.raises(StripeUnavailable):
        listed()

    assert not BalanceListing.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_six_listings_and_the_charges_own_events_at_once_make_each_entry_once(fake: FakeStripe) -> None:
    fake.page_size = 7
    for number in range(20):
        bt = balance_transaction(f"txn_{number:02}", source=f"ch_{number}", created=BOOKED_AT + number % 3)
        fake.put(bt)
        fake.put(charge(f"ch_{number}", balance_transaction=bt))
        put(fake, f"txn_x{number}", "transfer", net=1, created=BOOKED_AT + number % 3)
    start = threading.Barrier(8)

    def at_once(work: Any) -> None:
        start.wait(timeout=20)
        try:
            work()
        finally:
            connection.close()

    def look() -> None:
        for number in range(20):
            follow_object(reader=read_charge, object_id=f"ch_{number}", at=NOW, now=NOW)

    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(at_once, work) for work in (listed,) * 6 + (look,) * 2]:
            future.result(timeout=60)
    look()

    assert Entry.objects.count() == BalanceTransaction.objects.count() == 40
    assert balance("stripe_balance") == 20 * 4631 + 20
    assert BalanceTransaction.objects.filter(charge__isnull=False).count() == Charge.objects.count() == 20
    assert len(named()) == 20
