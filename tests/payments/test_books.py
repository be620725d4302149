"""The books name what does not fit the processor's own records: each fault is planted as the database's owner."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from ledger import books, builders
from ledger.drafts import AccountRef
from ledger.operations.post_entry import post_entry
from payments.books import CHECKS
from payments.models import BalanceTransaction, Charge
from people.queries import local_day
from tests.ledger.raw import as_owner
from tests.payments.conftest import NOW
from tests.payments.rows import charged

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]
CH_1 = "stripe:charge:ch_1"


def findings() -> dict[str, list[str]]:
    return {check.name: found for check in CHECKS if (found := list(check.find()))}


def post(builder: str, *, at: datetime = NOW, source: str = "order:1", **figures: Any) -> int:
    about = {"source": source, "event_at": at, "effective_on": local_day(at), "currency": "usd"}
    with transaction.atomic():
        return post_entry(getattr(builders, builder)(**about, **figures), now=NOW).entry_id


def booked(bt_id: str, category: str, amount_minor: int, fee_minor: int = 0, *, at: datetime = NOW) -> int:
    """A balance transaction as payments keeps it, with its entry; that of a charge is of ch_1."""
    about = {"category": category, "amount_minor": amount_minor, "fee_minor": fee_minor}
    entry = post("balance_transaction", bt_ref=f"stripe:bt:{bt_id}", source=CH_1, at=at, **about)
    BalanceTransaction.objects.create(
        bt_id=bt_id,
        charge=Charge.objects.get() if category == "charge" else None,
        entry_id=entry,
        type=category,
        currency="usd",
        created_at=at,
        available_at=at,
        **about,
    )
    return entry


@pytest.fixture
def settled() -> int:
    """A sale of $48.00 on ch_1 and its balance transaction: fee $1.69, net $46.31; the entry of the latter."""
    charged(CH_1, 4800, "usd", NOW)
    post("sale", charge_ref=CH_1, goods_minor=4800, discount_minor=0, shipping_minor=0, tax_minor=0)
    return booked("txn_1", "charge", 4800, 169)


def test_what_stripe_booked_and_paid_out_passes(settled: int) -> None:
    post(
        "opening", opening_ref="opening:usd", balances={AccountRef("stripe_balance"): 100, AccountRef("in_transit"): 7}
    )
    booked("txn_2", "payout", -4731, at=NOW + timedelta(hours=1))
    post("bank_line", line_ref="bank:line:1", amount_minor=4000)

    assert findings() == {}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            "amount_minor = 170",
            "stripe:bt:txn_1 (entry {0}): the processor says $46.31, the books moved its balance by $46.30",
        ),
        (
            "amount_minor = 168",
            "stripe:bt:txn_1 (entry {0}): the processor says $46.31, the books moved its balance by $46.32",
        ),
    ],
)
def test_l5_booking_that_differs_by_a_cent_is_named(settled: int, change: str, said: str) -> None:
    as_owner(f"UPDATE ledger_posting SET {change} WHERE amount_minor = 169")

    assert findings()["each balance transaction has its entry"] == [said.format(settled)]


def test_l5_entry_that_is_not_the_balance_transactions_own_is_named(settled: int) -> None:
    as_owner("UPDATE ledger_entry SET idempotency_key = 'sale:9' WHERE id = %s", settled)

    assert findings() == {
        "each balance transaction has its entry": [
            f"sale:9 (entry {settled}): the processor says nothing, the books moved its balance by $46.31",
            f"stripe:bt:txn_1 (entry {settled}): the processor says $46.31, the books moved its balance by nothing",
        ]
    }


def test_l5_and_l6_balance_transaction_that_was_deleted_is_missed(settled: int) -> None:
    as_owner("DELETE FROM payments_balancetransaction")

    found = findings()

    assert found["each balance transaction has its entry"] == [
        f"stripe:bt:txn_1 (entry {settled}): the processor says nothing, the books moved its balance by $46.31"
    ]
    assert found["the Stripe balance is what Stripe booked"] == [
        "usd: the books hold $46.31 at the processor, its balance transactions come to $0.00"
    ]


def test_l6_what_the_books_began_with_counts_and_nothing_more(settled: int) -> None:
    opening = post("opening", opening_ref="opening:usd", balances={AccountRef("stripe_balance"): 100})
    assert findings() == {}

    as_owner("UPDATE ledger_entry SET kind = 'transfer' WHERE id = %s", opening)

    assert findings()["the Stripe balance is what Stripe booked"] == [
        "usd: the books hold $47.31 at the processor, its balance transactions come to $46.31"
    ]


def test_l7_payout_that_took_more_than_had_come_is_named(settled: int) -> None:
    payout = booked("txn_2", "payout", -4632, at=NOW + timedelta(hours=1))
    booked("txn_3", "payment", 900, at=NOW + timedelta(hours=2))

    assert findings() == {
        "no Stripe payout took more than there was": [
            f"stripe:bt:txn_2 (entry {payout}): a payout of $46.32, $0.01 more than there was"
        ]
    }


def test_l7_negative_balance_that_no_payout_made_is_no_fault(settled: int) -> None:
    booked("txn_2", "dispute", -4800, 1500, at=NOW + timedelta(hours=1))
    booked("txn_3", "payout", 1669, at=NOW + timedelta(hours=2))

    assert findings() == {}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE payments_charge SET amount_minor = 4801", "the charge was $48.01"),
        ("UPDATE payments_charge SET charge_id = 'ch_9'", "there is no such charge"),
        ("UPDATE payments_charge SET currency = 'eur'", "there is no such charge"),
    ],
)
def test_l8_claim_on_clearing_that_its_charge_does_not_explain_is_named(settled: int, change: str, said: str) -> None:
    as_owner(change)

    [finding] = findings()["clearing is its open items"]

    assert finding.startswith(f"{CH_1}: sale {CH_1}:sale (entry ")
    assert finding.endswith(f") claimed $48.00, {said}")


def test_l8_charge_claimed_twice_is_named(settled: int) -> None:
    post("deposit", charge_ref=CH_1, amount_minor=4800)

    [finding] = findings()["clearing is its open items"]

    assert f"deposit {CH_1}:deposit (entry " in finding
    assert finding.endswith("claimed $96.00, the charge was $48.00")


def test_l8_balance_transaction_that_left_a_part_in_clearing_is_named(settled: int) -> None:
    as_owner("UPDATE ledger_posting SET amount_minor = 4790 WHERE entry_id = %s AND amount_minor = 4800", settled)

    assert findings()["clearing is its open items"] == [
        f"stripe:bt:txn_1 (entry {settled}): the processor moved $48.00, the books took $47.90 from clearing"
    ]


@pytest.mark.parametrize(("amount_minor", "wanted"), [(4800, []), (4700, ["the charge was $48.00"])])
def test_l8_paid_and_not_settled_is_an_open_item_with_its_age(amount_minor: int, wanted: list[str]) -> None:
    charged(CH_1, 4800, "usd", NOW)
    post("deposit", charge_ref=CH_1, amount_minor=amount_minor, at=NOW - timedelta(days=2))

    listed = books.open_items()["Processor clearing (1040), paid and not settled"]

    assert listed == [books.OpenItem(CH_1, amount_minor, "usd", NOW - timedelta(days=2))]
    assert [finding.rpartition(", ")[2] for found in findings().values() for finding in found] == wanted


def test_l8_cash_in_transit_that_is_no_payout_is_named(settled: int) -> None:
    payout = booked("txn_2", "payout", -4000, at=NOW + timedelta(hours=1))
    as_owner("UPDATE ledger_entry SET kind = 'sale' WHERE id = %s", payout)

    assert findings()["cash in transit is Stripe's payouts"] == [
        f"sale stripe:bt:txn_2 (entry {payout}) moves cash in transit by $40.00"
    ]


def test_l8_cash_in_transit_that_differs_from_its_payout_is_named(settled: int) -> None:
    payout = booked("txn_2", "payout", -4000, at=NOW + timedelta(hours=1))
    as_owner("UPDATE payments_balancetransaction SET amount_minor = -4001 WHERE bt_id = 'txn_2'")

    assert findings()["cash in transit is Stripe's payouts"] == [
        f"stripe:bt:txn_2 (entry {payout}): the processor moved -$40.01, the books took -$40.00 from in transit"
    ]
