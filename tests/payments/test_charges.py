"""What Stripe booked for a charge is in the books exactly once, and the books can tell when it is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ledger import books as checks
from ledger.models import Entry, ReconciliationException
from ledger.queries import balance
from payments import queries
from payments.models import BalanceTransaction, Charge
from payments.operations.find_left_behind import ask_unsettled_charges
from payments.operations.follow_object import follow_object
from payments.readers import read_charge
from tests.payments.conftest import NOW, post_gift
from tests.payments.fake_stripe import FakeStripe, balance_transaction, charge

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books", "told")]
CHECK = "each balance transaction has its entry"


def look(charge_id: str = "ch_1") -> None:
    follow_object(reader=read_charge, object_id=charge_id, at=NOW, now=NOW)


def findings() -> list[str]:
    return next(list(result.findings) for result in checks.run() if result.name == CHECK)


def test_the_booking_moves_clearing_to_the_processor_balance_and_takes_its_fee(fake: FakeStripe) -> None:
    fake.put(charge(balance_transaction=balance_transaction()))

    look()

    assert (balance("stripe_balance"), balance("clearing"), balance("processing_fees")) == (4631, -4800, 169)
    entry = Entry.objects.get()
    assert (entry.idempotency_key, entry.source) == ("stripe:bt:txn_1", "stripe:charge:ch_1")
    assert BalanceTransaction.objects.get().net_minor == 4631
    assert findings() == []


def test_it_is_booked_once_however_often_it_is_seen(fake: FakeStripe) -> None:
    fake.put(charge(balance_transaction=balance_transaction()))

    for _ in range(3):
        look()

    assert Entry.objects.count() == BalanceTransaction.objects.count() == Charge.objects.count() == 1


def test_a_booking_that_is_not_there_yet_comes_later(fake: FakeStripe) -> None:
    fake.put(charge())
    look()
    assert not Entry.objects.exists() and not Charge.objects.get().is_settled

    fake.put(charge(balance_transaction=balance_transaction()))
    look()

    assert Charge.objects.get().is_settled
    assert balance("stripe_balance") == 4631


def test_the_sweep_asks_for_a_missing_booking_and_not_too_often(fake: FakeStripe) -> None:
    fake.put(charge())
    look()
    assert ask_unsettled_charges(now=NOW) == 0

    Charge.objects.update(seen_at=Charge.objects.get().seen_at - timedelta(seconds=6))
    assert ask_unsettled_charges(now=NOW) == 1
    assert ask_unsettled_charges(now=NOW) == 0

    fake.put(charge(balance_transaction=balance_transaction()))
    Charge.objects.update(asked_at=Charge.objects.get().seen_at - timedelta(minutes=1))
    assert ask_unsettled_charges(now=NOW) == 1
    assert Charge.objects.get().is_settled


def test_an_older_look_takes_nothing_back(fake: FakeStripe) -> None:
    fake.put(charge())
    look()
    fake.put(charge(status="pending", metadata={}, payment_method_details=None))
    look()

    kept = Charge.objects.get()
    assert (kept.status, kept.subject, kept.last4) == ("succeeded", "order:1", "4242")


def test_a_category_nobody_knows_is_seen_in_suspense(fake: FakeStripe) -> None:
    fake.put(charge(balance_transaction=balance_transaction(reporting_category="climate_order_purchase")))

    look()

    assert balance("suspense") == -4800
    assert findings() == []


def test_a_booking_whose_net_does_not_add_up_is_named_and_not_posted(fake: FakeStripe) -> None:
    fake.put(charge(balance_transaction=balance_transaction(net=4632)))

    look()

    assert not Entry.objects.exists() and Charge.objects.get().status == "succeeded"
    assert (BalanceTransaction.objects.get().entry, BalanceTransaction.objects.get().problem) == (None, "net_differs")
    named = ReconciliationException.objects.get()
    assert (named.kind, named.subject) == ("balance_transaction_not_posted", "stripe:bt:txn_1")
    assert named.detail == "net_differs: the processor says 4632"


def test_a_booking_of_nothing_needs_no_entry(fake: FakeStripe) -> None:
    fake.put(charge(balance_transaction=balance_transaction(amount=0, fee=0, net=0)))

    look()

    assert BalanceTransaction.objects.get().entry is None
    assert findings() == []


def test_clearing_is_open_until_the_booking_comes(fake: FakeStripe) -> None:
    from tests.payments.test_operations import paid

    post_gift(paid(), now=NOW)
    (item,) = queries.open_items()
    assert (item.ref, item.amount_minor, item.currency) == ("stripe:charge:ch_1", 4800, "usd")

    fake.put(charge(balance_transaction=balance_transaction()))
    look()

    assert queries.open_items() == []


def test_a_booking_without_its_sale_is_open_the_other_way(fake: FakeStripe) -> None:
    fake.put(charge(balance_transaction=balance_transaction()))
    look()

    (item,) = queries.open_items()

    assert (item.ref, item.amount_minor) == ("stripe:charge:ch_1", -4800)


def test_funds_are_available_from_the_processors_day_on(fake: FakeStripe) -> None:
    available_at = datetime.fromtimestamp(1_793_172_810, UTC)
    fake.put(charge(balance_transaction=balance_transaction()))
    look()

    assert not queries.funds_available("stripe:charge:ch_1", available_at - timedelta(seconds=1))
    assert queries.funds_available("stripe:charge:ch_1", available_at)
    assert not queries.funds_available("stripe:charge:ch_2", available_at)
    assert queries.funds_available_among(["stripe:charge:ch_1", "stripe:charge:ch_2"], available_at) == {
        "stripe:charge:ch_1"
    }


def test_funds_that_are_not_settled_are_not_available(fake: FakeStripe) -> None:
    fake.put(charge())
    look()

    assert not queries.funds_available("stripe:charge:ch_1", NOW + timedelta(days=365))


def test_the_card_of_a_charge(fake: FakeStripe) -> None:
    fake.put(charge())
    look()

    methods = queries.payment_methods(["stripe:charge:ch_1", "stripe:charge:ch_9"])

    assert list(methods) == ["stripe:charge:ch_1"]
    assert (methods["stripe:charge:ch_1"].brand, methods["stripe:charge:ch_1"].last4) == ("visa", "4242")
