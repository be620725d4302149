"""The processor's own figure beside account 1050, clearing by age, and the tasks and the command that do it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from ledger import builders
from ledger.models import ReconciliationException
from ledger.operations.open_exception import Kept
from ledger.operations.post_entry import post_entry
from payments import queries, tasks
from payments.books import CHECKS
from payments.models import BalanceComparison, BalanceTransaction, StripePayout
from payments.operations.compare_balance import StillMoving, compare_balance
from payments.operations.follow_object import follow_object
from payments.operations.name_old_items import name_old_items
from payments.readers import read_charge, read_payout
from people import clock
from people.queries import local_day
from tests.payments.conftest import NOW, post_gift
from tests.payments.fake_stripe import FakeStripe, balance_transaction, charge, payout, stripe_balance
from tests.payments.test_operations import paid

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books", "told")]
BOOKED_AT = int(NOW.timestamp()) - 600


@pytest.fixture
def booked(fake: FakeStripe) -> FakeStripe:
    """One charge of $48.00 less $1.69, not listed yet."""
    fake.put(balance_transaction(created=BOOKED_AT))
    fake.put(stripe_balance(4600, 31))
    return fake


def named() -> list[tuple[str, str, int | None]]:
    rows = ReconciliationException.objects.filter(resolved_at__isnull=True).order_by("id")
    return [(row.kind, row.subject, row.amount_minor) for row in rows]


def found() -> list[str]:
    return next(list(check.find()) for check in CHECKS if check.name == "the Balance API agrees")


def test_equal_balances_are_kept_and_nothing_is_named(booked: FakeStripe) -> None:
    [row] = compare_balance(now=NOW)

    assert (row.currency, row.available_minor, row.pending_minor, row.ours_minor) == ("usd", 4600, 31, 4631)
    assert (row.difference_minor, row.compared_at) == (0, NOW)
    assert (named(), found()) == ([], [])


@pytest.mark.parametrize(("pending", "difference", "said"), [(30, 1, "$46.30"), (32, -1, "$46.32")])
def test_a_cent_is_named_until_it_is_gone(booked: FakeStripe, pending: int, difference: int, said: str) -> None:
    booked.put(stripe_balance(4600, pending))
    compare_balance(now=NOW)
    assert named() == [("stripe_balance_differs", "account:1050:usd", difference)]
    assert found() == [f"usd: on {NOW:%Y-%m-%d %H:%M} UTC the books held $46.31 at the processor, which said {said}"]

    booked.put(stripe_balance(4600, 31))
    compare_balance(now=NOW + timedelta(hours=1))

    assert (named(), found()) == ([], [])
    assert BalanceComparison.objects.count() == 2


def test_a_currency_that_only_one_side_knows_differs(booked: FakeStripe) -> None:
    two = [{"amount": 4631, "currency": "usd"}, {"amount": 7, "currency": "eur"}]
    booked.put(stripe_balance() | {"available": two})

    rows = compare_balance(now=NOW)

    assert [(row.currency, row.difference_minor) for row in rows] == [("eur", -7), ("usd", 0)]
    assert named() == [("stripe_balance_differs", "account:1050:eur", -7)]


def test_a_balance_below_zero_is_named(fake: FakeStripe) -> None:
    fake.put(balance_transaction(amount=-1680, fee=0, net=-1680, created=BOOKED_AT))
    fake.put(stripe_balance(-1700, 20))

    compare_balance(now=NOW)

    assert named() == [("stripe_balance_negative", "account:1050:usd", -1680)]


def test_what_arrives_while_we_ask_is_in_both_figures_or_in_neither(booked: FakeStripe) -> None:
    asked = 0

    def book_more(_method: str, path: str) -> None:
        nonlocal asked
        asked += path == "/v1/balance"
        if path == "/v1/balance" and asked <= 2:
            figures = {"amount": 100, "fee": 0, "net": 100, "source": None, "created": BOOKED_AT + asked}
            booked.put(balance_transaction(f"txn_more_{asked}", reporting_category="fee", **figures))
            booked.put(stripe_balance(4631 + 100 * asked))

    booked.before = book_more
    [row] = compare_balance(now=NOW)

    assert asked == 3
    assert (row.ours_minor, row.difference_minor) == (4831, 0)
    assert named() == []


def test_a_pair_that_cancels_out_is_noticed_too(booked: FakeStripe) -> None:
    asked = 0

    def book_pair(_method: str, path: str) -> None:
        nonlocal asked
        asked += path == "/v1/balance"
        if path == "/v1/balance" and asked == 1:
            for bt_id, net in (("txn_up", 100), ("txn_down", -100)):
                figures = {"amount": net, "fee": 0, "net": net, "source": None, "created": BOOKED_AT}
                booked.put(balance_transaction(bt_id, reporting_category="fee", **figures))

    booked.before = book_pair
    compare_balance(now=NOW)

    assert asked == 2


def test_where_money_never_rests_nothing_is_kept(booked: FakeStripe) -> None:
    def book_more(_method: str, path: str) -> None:
        if path == "/v1/balance":
            figures = {"amount": 1, "fee": 0, "net": 1, "source": None, "created": BOOKED_AT}
            booked.put(balance_transaction(f"txn_{len(booked.objects)}", reporting_category="fee", **figures))

    booked.before = book_more

    with pytest.raises(StillMoving):
        compare_balance(now=NOW)
    assert not BalanceComparison.objects.exists()


def claim(ref: str, *, at: Any, amount_minor: int = 4800) -> None:
    about = {"source": "order:1", "event_at": at, "effective_on": local_day(at), "currency": "usd"}
    post_entry(builders.deposit(charge_ref=ref, amount_minor=amount_minor, **about), now=NOW)


def refund(category: str, bt_id: str, amount: int, *, at: Any) -> dict[str, Any]:
    return balance_transaction(
        bt_id, amount=amount, fee=0, net=amount, reporting_category=category, source="re_1", created=int(at.timestamp())
    )


def test_clearing_by_charge_and_by_refund(fake: FakeStripe) -> None:
    claim("stripe:charge:ch_2", at=NOW - timedelta(hours=3))
    fake.put(refund("refund", "txn_re", -2000, at=NOW - timedelta(hours=2)))
    fake.put(balance_transaction("txn_1", created=BOOKED_AT))
    tasks.list_balance_transactions(now=NOW)

    items = [(item.ref, item.amount_minor, item.since) for item in queries.open_items()]

    assert items[:2] == [
        ("stripe:charge:ch_2", 4800, NOW - timedelta(hours=3)),
        ("stripe:refund:re_1", 2000, NOW - timedelta(hours=2)),
    ]
    assert items[2][:2] == ("stripe:charge:ch_1", -4800)


def test_an_item_that_was_settled_is_as_old_as_what_opened_it_again(fake: FakeStripe) -> None:
    claim("stripe:charge:ch_1", at=NOW - timedelta(days=40))
    fake.put(balance_transaction("txn_1", created=int((NOW - timedelta(days=40)).timestamp())))
    failed = {"amount": -4800, "fee": 0, "net": -4800, "reporting_category": "charge_failure"}
    fake.put(balance_transaction("txn_2", **failed, created=int((NOW - timedelta(days=2)).timestamp())))
    tasks.list_balance_transactions(now=NOW, since=NOW - timedelta(days=41))

    [item] = queries.open_items()

    assert (item.amount_minor, item.since) == (4800, NOW - timedelta(days=2))


def test_an_item_older_than_a_day_is_an_exception_until_it_is_settled(fake: FakeStripe) -> None:
    post_gift(paid(), now=NOW)
    [item] = queries.open_items()
    day = timedelta(days=1)
    assert name_old_items(now=item.since + day) == Kept(opened=0, closed=0)

    assert name_old_items(now=item.since + day + timedelta(seconds=1)) == Kept(opened=1, closed=0)
    assert named() == [("clearing_open", "stripe:charge:ch_1:usd", 4800)]

    fake.put(charge(balance_transaction=balance_transaction()))
    follow_object(reader=read_charge, object_id="ch_1", at=NOW, now=NOW)
    assert name_old_items(now=item.since + 2 * day) == Kept(opened=0, closed=1)
    assert named() == []


def test_open_items_take_one_query(fake: FakeStripe, django_assert_num_queries: Any) -> None:
    for number in range(30):
        claim(f"stripe:charge:ch_{number}", at=NOW)

    with django_assert_num_queries(1):
        assert len(queries.open_items()) == 30


@pytest.fixture
def by_clock(booked: FakeStripe, monkeypatch: pytest.MonkeyPatch) -> FakeStripe:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return booked


def test_the_nightly_task_lists_names_and_compares(by_clock: FakeStripe) -> None:
    by_clock.put(balance_transaction("txn_old", created=BOOKED_AT - 2 * 86400 + 3600))
    by_clock.put(stripe_balance(4631))

    tasks.check_balance()

    assert BalanceTransaction.objects.count() == 2
    assert BalanceComparison.objects.get().ours_minor == 9262
    assert {kind for kind, _, _ in named()} == {"clearing_open", "stripe_balance_differs"}


def test_a_listing_that_fails_keeps_no_payout_waiting(by_clock: FakeStripe, monkeypatch: pytest.MonkeyPatch) -> None:
    by_clock.put(payout())
    follow_object(reader=read_payout, object_id="po_1", at=NOW, now=NOW)
    by_clock.put(payout(status="paid"))
    monkeypatch.setattr(tasks, "list_balance_transactions", lambda **_: 1 / 0)

    tasks.list_balance()

    assert StripePayout.objects.get().status == "paid"
    assert not BalanceTransaction.objects.exists()


def test_the_command_says_what_it_found(by_clock: FakeStripe, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("list_balance", "--compare")
    assert capsys.readouterr().out == ("1 balance transactions, 1 of them new.\nusd: ours $46.31, Stripe's $46.31\n")

    by_clock.put(stripe_balance(4630))
    with pytest.raises(CommandError, match="The balances differ in usd"):
        call_command("list_balance", "--days", "2", "--compare")


@pytest.mark.parametrize("days", ["0", "-3"])
def test_the_command_refuses_days_that_are_none(by_clock: FakeStripe, days: str) -> None:
    with pytest.raises(CommandError, match="look back one day at least"):
        call_command("list_balance", "--days", days)
