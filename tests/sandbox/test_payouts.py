"""Payouts: by the day or by hand, itemised when complete, back from the bank."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from sandbox.server import Options, Sandbox
from sandbox.settings import DAY_S, HOUR_S
from tests.sandbox.conftest import UNHURRIED, Shop

AT_ONCE = "4000000000000077"
MONDAY = 1_793_620_800  # 2026-11-02T12:00:00Z
TUESDAY = MONDAY + 12 * HOUR_S


@pytest.fixture
def shop() -> Any:
    """A shop on a Monday at noon whose balance is paid out every weekday."""
    box = Sandbox(Options(settings=UNHURRIED, start_at=MONDAY))
    box.start()
    shop = Shop(box)
    shop.door("settings", {"payout_schedule": "daily"})
    yield shop
    box.stop()


def earned(shop: Shop, number: str = AT_ONCE, amount: int = 4200) -> str:
    """A settled charge; returns its id."""
    session = shop.bought(number, amount_minor=amount)
    shop.door("settle")
    return shop.stripe.v1.charges.list({"payment_intent": session.payment_intent}).data[0].id


def payouts(shop: Shop) -> list[stripe.Payout]:
    return shop.stripe.v1.payouts.list().data


def contents(shop: Shop, payout: stripe.Payout) -> list[stripe.BalanceTransaction]:
    return shop.stripe.v1.balance_transactions.list({"payout": payout.id, "limit": 100}).data


def available(shop: Shop) -> int:
    return shop.stripe.v1.balance.retrieve().available[0].amount


def test_what_is_available_is_paid_out_at_midnight(shop: Shop) -> None:
    earned(shop)

    shop.advance(hours=12)

    (payout,) = payouts(shop)
    assert (payout.amount, payout.automatic, payout.status) == (4048, True, "in_transit")
    assert (payout.created, payout.arrival_date) == (pytest.approx(TUESDAY, abs=5), TUESDAY + DAY_S)
    entry = shop.stripe.v1.balance_transactions.retrieve(str(payout.balance_transaction))
    assert (entry.amount, entry.fee, entry.type, entry.reporting_category) == (-4048, 0, "payout", "payout")
    assert (entry.source, available(shop)) == (payout.id, 0)


def test_a_payout_arrives_on_the_next_weekday_and_tells_its_trace(shop: Shop) -> None:
    earned(shop)
    shop.advance(hours=12)
    assert payouts(shop)[0].trace_id.status == "pending"

    shop.advance(days=1)

    (payout,) = payouts(shop)
    assert (payout.status, payout.trace_id.status) == ("paid", "supported")
    assert len(payout.trace_id.value) == 15
    assert [kind for kind in shop.events() if kind.startswith("payout.")] == [
        "payout.created",
        "payout.updated",
        "payout.reconciliation_completed",
        "payout.updated",
        "payout.paid",
    ]


def test_nothing_leaves_on_a_weekend(shop: Shop) -> None:
    shop.advance(days=4, hours=1)
    earned(shop)

    shop.advance(days=2)
    assert payouts(shop) == []
    shop.advance(days=1)

    (payout,) = payouts(shop)
    assert (payout.created, payout.arrival_date) == (pytest.approx(TUESDAY + 6 * DAY_S, abs=5), TUESDAY + 7 * DAY_S)


def test_pending_money_waits_for_its_day(shop: Shop) -> None:
    earned(shop, "4242424242424242")

    shop.advance(hours=12)
    assert payouts(shop) == []
    shop.advance(days=2)

    assert [payout.amount for payout in payouts(shop)] == [4048]


def test_the_contents_are_complete_once_reconciliation_is(shop: Shop) -> None:
    charge = earned(shop)
    shop.stripe.v1.refunds.create({"charge": charge, "amount": 1000})
    shop.door("balance_transactions", {"type": "stripe_fee", "amount": -200, "description": "Radar"})
    shop.advance(hours=12)
    payout = payouts(shop)[0]
    assert payout.reconciliation_status == "in_progress"
    assert [entry.source for entry in contents(shop, payout)] == [payout.id], "the list is not complete yet"

    shop.advance(hours=1)

    payout = payouts(shop)[0]
    rows = [(entry.type, entry.net) for entry in contents(shop, payout)]
    assert payout.reconciliation_status == "completed"
    assert rows == [("payout", -2848), ("stripe_fee", -200), ("refund", -1000), ("charge", 4048)]
    assert sum(net for kind, net in rows if kind != "payout") == payout.amount
    assert "payout.reconciliation_completed" in shop.events()


def test_every_transaction_is_paid_out_once(shop: Shop) -> None:
    for _ in range(3):
        earned(shop)
        shop.advance(days=1)

    found = [entry.id for payout in payouts(shop) for entry in contents(shop, payout)]
    everything = [entry.id for entry in shop.stripe.v1.balance_transactions.list({"limit": 100}).data]
    assert sorted(found) == sorted(everything)
    assert len(payouts(shop)) == 3


def test_a_balance_below_zero_is_taken_from_the_bank(shop: Shop) -> None:
    charge = earned(shop)
    shop.advance(days=2)
    shop.stripe.v1.refunds.create({"charge": charge})
    assert available(shop) == -4200

    shop.advance(days=1)

    debit = payouts(shop)[0]
    assert (debit.amount, debit.automatic) == (-4200, True)
    assert (contents(shop, debit)[0].amount, available(shop)) == (4200, 0)


def test_a_payout_can_fail_after_it_was_paid(shop: Shop) -> None:
    earned(shop)
    shop.advance(days=2)
    paid = payouts(shop)[0]

    shop.door(f"payouts/{paid.id}/fail", {"code": "account_closed"})

    failed = shop.stripe.v1.payouts.retrieve(paid.id, {"expand": ["failure_balance_transaction"]})
    back = failed.failure_balance_transaction
    assert (paid.status, failed.status, failed.failure_code) == ("paid", "failed", "account_closed")
    assert (back.amount, back.type, back.reporting_category) == (4048, "payout_failure", "payout_reversal")
    assert (back.source, available(shop)) == (paid.id, 4048)
    assert shop.events()[-2:] == ["payout.updated", "payout.failed"]
    assert shop.door(f"payouts/{paid.id}/fail")["status"] == 400, "once"


def test_what_came_back_is_in_the_next_payout(shop: Shop) -> None:
    earned(shop)
    shop.advance(hours=12)
    first = payouts(shop)[0]
    shop.door(f"payouts/{first.id}/fail")

    shop.advance(days=2)

    second = payouts(shop)[0]
    assert [(entry.type, entry.net) for entry in contents(shop, second)] == [
        ("payout", -4048),
        ("payout_failure", 4048),
    ]
    assert (second.amount, shop.stripe.v1.payouts.retrieve(first.id).status) == (4048, "failed")


def test_a_payout_by_hand(shop: Shop) -> None:
    shop.door("settings", {"payout_schedule": "manual"})
    earned(shop)

    payout = shop.stripe.v1.payouts.create({"amount": 4000, "currency": "usd", "metadata": {"run": "7"}})

    assert (payout.status, payout.automatic, payout.reconciliation_status) == ("pending", False, "not_applicable")
    assert available(shop) == 48
    shop.advance(hours=1)
    assert shop.stripe.v1.payouts.retrieve(payout.id).status == "in_transit"
    shop.advance(days=1)
    assert shop.stripe.v1.payouts.retrieve(payout.id).status == "paid"
    with pytest.raises(stripe.InvalidRequestError, match="only be filtered on automatic"):
        contents(shop, payout)
    assert len(payouts(shop)) == 1, "nothing leaves by itself"


def test_only_what_is_available_can_leave_by_hand(shop: Shop) -> None:
    earned(shop)
    earned(shop, "4242424242424242")

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        shop.stripe.v1.payouts.create({"amount": 4049, "currency": "usd"})

    assert refusal.value.code == "balance_insufficient"
    with pytest.raises(stripe.InvalidRequestError, match="greater than or equal to 1"):
        shop.stripe.v1.payouts.create({"amount": 0, "currency": "usd"})
    with pytest.raises(stripe.InvalidRequestError, match="Invalid currency"):
        shop.stripe.v1.payouts.create({"amount": 1, "currency": "USD"})
    assert payouts(shop) == []


def test_a_pending_payout_by_hand_can_be_called_off(shop: Shop) -> None:
    earned(shop)
    payout = shop.stripe.v1.payouts.create({"amount": 4000, "currency": "usd"})

    canceled = shop.stripe.v1.payouts.cancel(payout.id, {"expand": ["failure_balance_transaction"]})

    back = canceled.failure_balance_transaction
    assert (canceled.status, back.amount, back.type, back.reporting_category) == (
        "canceled",
        4000,
        "payout_cancel",
        "payout_reversal",
    )
    assert (available(shop), shop.events()[-1]) == (4048, "payout.canceled")
    shop.advance(hours=2)
    assert shop.stripe.v1.payouts.retrieve(payout.id).status == "canceled"


def test_what_has_left_cannot_be_called_off(shop: Shop) -> None:
    earned(shop)
    by_hand = shop.stripe.v1.payouts.create({"amount": 1000, "currency": "usd"})
    shop.advance(hours=12)
    automatic = payouts(shop)[0]

    with pytest.raises(stripe.InvalidRequestError, match="status of paid"):
        shop.stripe.v1.payouts.cancel(by_hand.id)
    with pytest.raises(stripe.InvalidRequestError, match="Automatic payouts cannot"):
        shop.stripe.v1.payouts.cancel(automatic.id)
    with pytest.raises(stripe.InvalidRequestError, match="connected accounts"):
        shop.stripe.v1.payouts.reverse(by_hand.id)
    assert automatic.amount == 3048, "what left by hand is not paid out again"


def test_lists_and_metadata(shop: Shop) -> None:
    earned(shop)
    made = [shop.stripe.v1.payouts.create({"amount": amount, "currency": "usd"}).id for amount in (100, 200, 300)]
    shop.stripe.v1.payouts.cancel(made[0])
    listing = shop.stripe.v1.payouts.list

    assert [entry.id for entry in listing({"status": "pending"}).data] == [made[2], made[1]]
    assert [entry.id for entry in listing({"limit": 1, "starting_after": made[2]}).data] == [made[1]]
    assert [entry.id for entry in listing({"ending_before": made[1]}).data] == [made[2]]
    assert len(listing({"arrival_date": {"gte": TUESDAY}, "created": {"lt": TUESDAY}}).data) == 3
    assert listing({"arrival_date": {"gt": TUESDAY}}).data == []
    assert shop.stripe.v1.payouts.update(made[1], {"metadata": {"a": "1"}}).metadata.to_dict() == {"a": "1"}
    found = listing({"expand": ["data.destination", "data.balance_transaction"], "limit": 1}).data[0]
    assert (found.destination.bank_name, found.balance_transaction.amount) == ("STRIPE TEST BANK", -300)


def test_the_door_pays_out_arrives_and_reconciles_at_once(shop: Shop) -> None:
    earned(shop)

    payout_id = shop.door("payouts")["data"][0]["id"]
    shop.door(f"payouts/{payout_id}/reconcile")
    shop.door(f"payouts/{payout_id}/arrive")

    payout = shop.stripe.v1.payouts.retrieve(payout_id)
    assert (payout.status, payout.reconciliation_status, payout.amount) == ("paid", "completed", 4048)
    assert shop.door("payouts")["data"] == []
    assert shop.door(f"payouts/{payout_id}/reconcile")["status"] == 400
    seen = len(shop.events())
    shop.advance(days=3)
    assert shop.events_since(seen) == [], "nothing is told twice"


def test_entries_of_any_kind_by_the_door(shop: Shop) -> None:
    fee = shop.door("balance_transactions", {"type": "stripe_fee", "amount": -150, "available_in_s": 60})
    odd = shop.door("balance_transactions", {"amount": 7, "currency": "eur", "reporting_category": "loyalty"})

    assert (fee["reporting_category"], fee["net"], fee["status"]) == ("fee", -150, 200)
    assert (odd["type"], odd["reporting_category"], odd["source"]) == ("adjustment", "loyalty", None)
    balance = shop.stripe.v1.balance.retrieve()
    assert {(part.currency, part.amount) for part in balance.available} == {("eur", 7), ("usd", 0)}
    assert {(part.currency, part.amount) for part in balance.pending} == {("eur", 0), ("usd", -150)}
    assert [entry.id for entry in shop.stripe.v1.balance_transactions.list({"currency": "eur"}).data] == [odd["id"]]
    assert shop.door("balance_transactions", {"type": "gift", "amount": 1})["status"] == 400
    assert shop.door("balance_transactions", {"amount": "1"})["status"] == 400


def test_each_currency_is_paid_out_by_itself(shop: Shop) -> None:
    earned(shop)
    shop.door("balance_transactions", {"amount": 700, "currency": "eur"})

    shop.advance(hours=12)

    assert {(payout.currency, payout.amount) for payout in payouts(shop)} == {("usd", 4048), ("eur", 700)}
    assert len({payout.destination for payout in payouts(shop)}) == 2
