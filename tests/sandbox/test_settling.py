"""Money of a charge arrives in the balance a moment later and can be paid out days later."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from sandbox.server import Options, Sandbox
from sandbox.settings import DAY_S, Settings
from tests.sandbox.conftest import Shop


@pytest.mark.parametrize(("amount", "fee"), [(4200, 152), (50, 31), (2500, 103), (100_000, 2_930), (1_017, 59)])
def test_the_fee_is_rounded_half_up(amount: int, fee: int) -> None:
    assert Settings().fee_minor(amount) == fee


def test_a_charge_has_no_balance_transaction_until_it_settles(shop: Shop) -> None:
    session = shop.bought()
    charge = shop.stripe.v1.charges.list({"payment_intent": session.payment_intent}).data[0]
    assert charge.balance_transaction is None
    assert shop.stripe.v1.balance_transactions.list().data == []

    assert shop.door("settle")["settled"] == 1

    charge = shop.stripe.v1.charges.retrieve(charge.id, {"expand": ["balance_transaction"]})
    entry = charge.balance_transaction
    assert (entry.amount, entry.fee, entry.net) == (4200, 152, 4048)
    assert (entry.type, entry.reporting_category, entry.source) == ("charge", "charge", charge.id)
    assert (entry.status, entry.available_on) == ("pending", entry.created + 2 * DAY_S)
    updated = shop.stripe.v1.events.list({"type": "charge.updated"}).data[0]
    assert updated.data.object["balance_transaction"] == entry.id
    assert updated.data.previous_attributes.to_dict() == {"balance_transaction": None}
    assert shop.door("settle")["settled"] == 0, "a charge settles once"


def test_pending_money_becomes_available_by_the_clock(shop: Shop) -> None:
    shop.bought()
    shop.door("settle")
    balance = shop.stripe.v1.balance.retrieve()
    assert (balance.available[0].amount, balance.pending[0].amount) == (0, 4048)

    shop.advance(days=2)

    balance = shop.stripe.v1.balance.retrieve()
    assert (balance.available[0].amount, balance.pending[0].amount) == (4048, 0)
    assert shop.stripe.v1.balance_transactions.list().data[0].status == "available"


def test_the_card_that_skips_pending(shop: Shop) -> None:
    shop.bought("4000000000000077")

    shop.door("settle")

    entry = shop.stripe.v1.balance_transactions.list().data[0]
    assert (entry.status, entry.available_on) == ("available", entry.created)


def test_a_refused_charge_never_settles(shop: Shop) -> None:
    session = shop.session()
    shop.pay(session.id, "4000000000000002")

    shop.advance(days=3)

    assert shop.stripe.v1.balance_transactions.list().data == []


def test_moving_the_clock_settles(shop: Shop) -> None:
    shop.bought()

    shop.advance(days=1, hours=1)

    assert len(shop.stripe.v1.balance_transactions.list().data) == 1


def test_wall_time_settles_by_itself_but_not_at_once() -> None:
    box = Sandbox(Options())
    box.start()
    shop = Shop(box)

    session = shop.bought()
    charge_id = shop.stripe.v1.payment_intents.retrieve(session.payment_intent).latest_charge
    at_first = shop.stripe.v1.charges.retrieve(charge_id).balance_transaction
    _wait_for(lambda: shop.stripe.v1.charges.retrieve(charge_id).balance_transaction is not None)

    box.stop()
    assert at_first is None


def _wait_for(condition: Callable[[], bool], timeout_s: float = 5) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)
