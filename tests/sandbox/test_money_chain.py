"""A sale, a gift, refunds, a payout and a dispute in a row, to the cent; and what two callers at once cannot do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import stripe

from sandbox.server import Options, Sandbox
from tests.sandbox.conftest import UNHURRIED, Shop
from tests.sandbox.test_payouts import MONDAY


@pytest.fixture
def shop() -> Any:
    """A shop on a Monday at noon whose balance is paid out every weekday."""
    box = Sandbox(Options(settings=UNHURRIED, start_at=MONDAY))
    box.start()
    shop = Shop(box)
    shop.door("settings", {"payout_schedule": "daily"})
    yield shop
    box.stop()


def charged(shop: Shop, amount: int, number: str = "4242424242424242") -> str:
    session = shop.bought(number, amount_minor=amount)
    shop.door("settle")
    return shop.stripe.v1.charges.list({"payment_intent": session.payment_intent}).data[0].id


def balance_of(shop: Shop) -> int:
    balance = shop.stripe.v1.balance.retrieve()
    return sum(part.amount for part in (*balance.available, *balance.pending))


def sum_of_transactions(shop: Shop) -> int:
    return sum(entry.net for entry in shop.stripe.v1.balance_transactions.list({"limit": 100}).auto_paging_iter())


@pytest.mark.parametrize(("outcome", "after"), [("won", 3506), ("lost", -1680)])
def test_the_chain(shop: Shop, outcome: str, after: int) -> None:
    sale = charged(shop, 5186)
    charged(shop, 5180)
    shop.stripe.v1.refunds.create({"charge": sale, "amount": 2000})
    assert balance_of(shop) == 5006 + 5000 - 2000

    shop.advance(days=3)
    assert [payout.amount for payout in shop.stripe.v1.payouts.list().data] == [8006]
    assert balance_of(shop) == 0
    shop.door("settings", {"payout_schedule": "manual"})
    second = charged(shop, 5186)
    dispute = shop.door(f"charges/{second}/dispute")
    assert balance_of(shop) == -1680

    shop.door(f"disputes/{dispute['id']}/close", {"outcome": outcome})
    assert balance_of(shop) == after
    rest = shop.stripe.v1.refunds.create({"charge": sale})
    assert (rest.amount, balance_of(shop)) == (3186, after - 3186)
    assert sum_of_transactions(shop) == after - 3186


def test_two_refunds_at_once_never_exceed_the_charge(shop: Shop) -> None:
    charges = [charged(shop, 1000) for _ in range(15)]

    def refund(charge: str) -> str:
        try:
            return str(shop.stripe.v1.refunds.create({"charge": charge, "amount": 600}).status)
        except stripe.InvalidRequestError:
            return "refused"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(refund, [charge for charge in charges for _ in range(2)]))

    assert sorted(outcomes) == ["refused"] * 15 + ["succeeded"] * 15
    assert {charge.amount_refunded for charge in shop.stripe.v1.charges.list({"limit": 100}).data} == {600}


def test_money_on_its_way_survives_a_restart(tmp_path: Any) -> None:
    first = Sandbox(Options(settings=UNHURRIED, start_at=MONDAY, state_dir=tmp_path))
    first.start()
    shop = Shop(first)
    shop.door("settings", {"payout_schedule": "daily"})
    refund = shop.stripe.v1.refunds.create({"charge": charged(shop, 4200, "4000000000007726"), "amount": 100})
    disputed = charged(shop, 4200, "4000000000000259")
    debited = shop.session()
    first.ctx.engine.debit(debited.id, "000123456789", email="ada@example.org")
    first.stop()

    second = Sandbox(Options(settings=UNHURRIED, state_dir=tmp_path))
    second.start()
    shop = Shop(second)
    shop.advance(days=20)

    assert shop.stripe.v1.refunds.retrieve(refund.id).status == "succeeded"
    assert shop.stripe.v1.disputes.list({"charge": disputed}).data[0].status == "lost"
    assert shop.stripe.v1.checkout.sessions.retrieve(debited.id).payment_status == "paid"
    payouts = shop.stripe.v1.payouts.list().data
    assert sum(payout.amount for payout in payouts) == 4048 - 100 + 4048 - 5700 + 4166
    assert {payout.reconciliation_status for payout in payouts} == {"completed"}
    second.stop()
