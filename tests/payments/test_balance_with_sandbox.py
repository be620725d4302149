"""Stripe's balance, its payouts and our account 1050, played at the local Stripe by the real SDK."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from ledger.models import Entry, ReconciliationException
from ledger.queries import balance
from payments import gateway, tasks
from payments.books import CHECKS
from payments.facts import DisputeOpened, DisputeWon, Fact, RefundFailed, RefundMade
from payments.models import BalanceComparison, BalanceTransaction, StripePayout
from payments.operations.ask_unfinished import ask_payouts
from payments.operations.compare_balance import compare_balance
from payments.operations.list_balance_transactions import list_balance_transactions
from payments.operations.open_checkout import CheckoutLine
from payments.operations.process_event import Outcome, process_next_event
from people import clock
from tests.local_stripe import LocalStripe
from tests.payments.conftest import Listen
from tests.payments.test_with_sandbox import months, opened, order, pay, wanted

__all__ = ["months", "order"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("months", "told", "order")]
AT_ONCE = "4000000000000077"  # its money is available at once


def take(sandbox: LocalStripe, number: int, amount_minor: int, card: str = AT_ONCE) -> str:
    """A charge of that amount, settled; its id."""
    line = CheckoutLine(name="2 x Valor, Dark", amount_minor=amount_minor)
    page = opened(wanted(subject=f"order:{number}", attempt_key=f"order:{number}:1", lines=[line]))
    assert pay(page, card) == 303
    sandbox.settle()
    return str(api().charges.list({"limit": 1}).data[0].id)


def api() -> Any:
    return gateway.client()._client.v1


def listed() -> int:
    return list_balance_transactions(now=clock.now()).new


def compared() -> list[tuple[str, int, int]]:
    return [(row.currency, row.ours_minor, row.difference_minor) for row in compare_balance(now=clock.now())]


def process() -> None:
    while process_next_event(now=clock.now()) is not Outcome.NOTHING_DUE:
        pass


def named() -> list[tuple[str, int | None]]:
    rows = ReconciliationException.objects.filter(resolved_at__isnull=True).order_by("id")
    return [(row.kind, row.amount_minor) for row in rows]


def found() -> dict[str, list[str]]:
    """What the books' checks say of the processor."""
    return {check.name: found for check in CHECKS if (found := list(check.find()))}


def transit() -> tuple[int, int]:
    return balance("stripe_balance"), balance("in_transit")


@pytest.fixture
def chain(sandbox: LocalStripe) -> LocalStripe:
    """E1b, E2b and E3b of the worked chain: 5006 + 5000 - 2000 in Stripe's balance, no event delivered."""
    sold = take(sandbox, 1, 5186)
    take(sandbox, 2, 5180)
    api().refunds.create({"charge": sold, "amount": 2000})
    return sandbox


def test_everything_stripe_booked_is_here_without_a_single_event(chain: LocalStripe) -> None:
    assert listed() == 3

    assert balance("stripe_balance") == 8006
    assert (balance("clearing"), balance("processing_fees")) == (-8366, 360)
    assert compared() == [("usd", 8006, 0)]
    assert (named(), listed()) == ([], 0)


def test_l7_the_payout_of_the_worked_chain_is_8006_and_its_parts_are_5006_5000_and_minus_2000(
    chain: LocalStripe,
) -> None:
    [made] = chain.do("payouts")["data"]
    listed()
    ask_payouts(now=clock.now())
    assert not BalanceTransaction.objects.filter(payout__isnull=False).exists()

    chain.do(f"payouts/{made['id']}/reconcile")
    StripePayout.objects.update(asked_at=clock.wall_now() - timedelta(hours=2))
    ask_payouts(now=clock.now())

    payout = StripePayout.objects.get()
    nets = payout.contents.exclude(source_id=payout.payout_id).values_list("net_minor", flat=True)
    assert (payout.amount_minor, sorted(nets)) == (8006, [-2000, 5000, 5006])
    assert transit() == (0, 8006)
    assert (compared(), named(), found()) == ([("usd", 0, 0)], [], {})


def test_a_payout_told_by_its_events_arrives_fails_and_comes_back(webhooks: LocalStripe) -> None:
    take(webhooks, 1, 5186)
    [made] = webhooks.do("payouts")["data"]
    seen = []
    for step in ("", "reconcile", "arrive", "fail"):
        if step:
            webhooks.do(f"payouts/{made['id']}/{step}", **({"code": "account_closed"} if step == "fail" else {}))
        webhooks.drain()
        process()
        payout = StripePayout.objects.get()
        seen.append((payout.status, payout.reconciliation_status, transit()))

    listed()
    assert seen == [
        ("in_transit", "in_progress", (0, 5006)),
        ("in_transit", "completed", (0, 5006)),
        ("paid", "completed", (0, 5006)),
        ("failed", "completed", (5006, 0)),
    ]
    assert StripePayout.objects.get().trace_id and StripePayout.objects.get().failure_code == "account_closed"
    assert (compared(), named(), found()) == ([("usd", 5006, 0)], [], {})


def test_the_next_payout_takes_what_came_back(chain: LocalStripe) -> None:
    [first] = chain.do("payouts")["data"]
    chain.do(f"payouts/{first['id']}/reconcile")
    chain.do(f"payouts/{first['id']}/fail", code="no_account")
    [second] = chain.do("payouts")["data"]
    chain.do(f"payouts/{second['id']}/reconcile")
    listed()

    assert ask_payouts(now=clock.now()) == 2

    assert sorted(StripePayout.objects.values_list("amount_minor", flat=True)) == [8006, 8006]
    assert transit() == (0, 8006)
    assert (compared(), named(), found()) == ([("usd", 0, 0)], [], {})


def test_a_dispute_overdraws_the_balance_and_a_payout_below_zero_evens_it(sandbox: LocalStripe) -> None:
    sold = take(sandbox, 1, 5186)
    sandbox.do("payouts")
    sandbox.do(f"charges/{sold}/dispute", amount=5186, fee=1500)
    listed()
    assert (balance("stripe_balance"), balance("disputes"), balance("dispute_fees")) == (-6686, 5186, 1500)
    assert compared() == [("usd", -6686, 0)]
    assert named() == [("stripe_balance_negative", -6686)]

    [debit] = sandbox.do("payouts")["data"]
    sandbox.do(f"payouts/{debit['id']}/reconcile")
    listed()
    ask_payouts(now=clock.now())

    assert StripePayout.objects.get(payout_id=debit["id"]).amount_minor == -6686
    assert transit() == (0, 5006 - 6686)
    assert (compared(), named()) == ([("usd", 0, 0)], [])


def test_a_manual_payout_called_off_is_as_if_it_had_not_been(chain: LocalStripe) -> None:
    made = api().payouts.create({"amount": 3000, "currency": "usd"})
    listed()
    ask_payouts(now=clock.now())
    assert transit() == (5006, 3000)

    api().payouts.cancel(made.id)
    listed()
    ask_payouts(now=clock.now())

    kept = StripePayout.objects.get()
    assert (kept.status, kept.automatic, kept.reconciliation_status) == ("canceled", False, "not_applicable")
    assert (transit(), compared(), named()) == ((8006, 0), [("usd", 8006, 0)], [])


def test_a_refund_that_fails_later_is_back_in_the_balance(sandbox: LocalStripe) -> None:
    sold = take(sandbox, 1, 5186, "4000000000005126")
    api().refunds.create({"charge": sold, "amount": 2000})
    sandbox.advance(hours=2)

    assert listed() == 3

    assert balance("stripe_balance") == 5006
    about = sorted(source.split(":")[1] for source in Entry.objects.values_list("source", flat=True))
    assert about == ["charge", "refund", "refund"]
    assert (compared(), named()) == ([("usd", 5006, 0)], [])


def test_what_no_event_told_of_refunds_and_disputes_the_listing_finds(
    sandbox: LocalStripe, listen: Listen, told: list[Fact]
) -> None:
    listen("order", RefundMade, RefundFailed, DisputeOpened, DisputeWon)
    sold, disputed = (take(sandbox, number, 5186, card) for number, card in ((1, "4000000000005126"), (2, AT_ONCE)))
    api().refunds.create({"charge": sold, "amount": 2000})
    dispute = sandbox.dispute(disputed, amount=5186)
    listed()
    assert sorted(type(fact).__name__ for fact in told) == ["DisputeOpened", "RefundMade"]

    told.clear()
    sandbox.advance(hours=2)
    sandbox.close_dispute(dispute, "won")
    listed()
    assert {type(fact) for fact in told} == {RefundMade, RefundFailed, DisputeOpened, DisputeWon}

    told.clear()
    listed()
    assert told == []


@pytest.mark.parametrize(
    ("body", "account", "kinds"),
    [
        ({"type": "stripe_fee", "amount": -25}, "processing_fees", []),
        ({"type": "topup", "amount": 700}, "in_transit", []),
        ({"type": "adjustment", "amount": -25}, "suspense", ["balance_transaction_in_suspense"]),
        (
            {"type": "adjustment", "amount": -25, "reporting_category": "risk_reserved_funds"},
            "stripe_reserve",
            [],
        ),
        (
            {"type": "adjustment", "amount": 3, "reporting_category": "never_heard_of"},
            "suspense",
            ["balance_transaction_in_suspense"],
        ),
    ],
)
def test_whatever_else_moves_the_balance(
    chain: LocalStripe, body: dict[str, Any], account: str, kinds: list[str]
) -> None:
    listed()
    before = balance(account)
    chain.do("balance_transactions", **body)

    assert listed() == 1

    assert balance(account) - before == -body["amount"]
    assert compared() == [("usd", 8006 + body["amount"], 0)]
    assert [kind for kind, amount in named() if amount == body["amount"]] == kinds


def test_a_hundred_and_twenty_of_them_take_more_than_one_page(sandbox: LocalStripe) -> None:
    for number in range(120):
        sandbox.do("balance_transactions", type="stripe_fee", amount=-1 - number)

    assert listed() == 120

    assert compared() == [("usd", -7260, 0)]


def test_after_a_month_of_silence_the_listing_reaches_back_to_where_it_ended(sandbox: LocalStripe) -> None:
    take(sandbox, 1, 5186)
    listed()
    sandbox.do("balance_transactions", type="stripe_fee", amount=-40)
    sandbox.advance(days=30)
    take(sandbox, 2, 5180)

    tasks.check_balance()

    row = BalanceComparison.objects.latest("id")
    assert (row.ours_minor, row.difference_minor) == (5006 - 40 + 5000, 0)


def test_listings_beside_live_traffic_and_each_other_book_each_once(sandbox: LocalStripe) -> None:
    start = threading.Barrier(4)

    def at_once(work: Any) -> None:
        start.wait(timeout=20)
        try:
            work()
        finally:
            connection.close()

    def trade() -> None:
        for number in range(25):
            sandbox.do("balance_transactions", type="stripe_fee", amount=-1 - number)

    def look() -> None:
        for _ in range(6):
            listed()

    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(at_once, work) for work in (trade, look, look, look)]:
            future.result(timeout=120)
    listed()

    assert Entry.objects.count() == BalanceTransaction.objects.count() == 25
    assert (compared(), named(), found()) == ([("usd", -325, 0)], [("stripe_balance_negative", -325)], {})
