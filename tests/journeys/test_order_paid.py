"""What happens when an order is paid: shelf, payment page, webhook, books, partners, mail, through the real doors.

Deliveries come once, twice, in the wrong order, or to a worker that dies in between; the books end the same.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from ledger import books
from ledger.models import Entry, Posting
from ledger.queries import balance, balances_by_owner
from partners.models import Allocation, Partner
from payments import tasks as payments_tasks
from payments.models import Charge, StripeEvent
from people import clock
from people.queries import local_day
from people.tasks import send_mails
from shop.models import Order, OrderEvent, Variant
from shop.operations import mark_order_paid as mark_order_paid_module
from shop.tasks import sweep_holds
from tests.journeys.visitor import DECLINED_CARD, GOOD_CARD, Visitor
from tests.local_stripe import LocalStripe
from tests.shop.conftest import make_shelf, set_stock

pytestmark = pytest.mark.django_db(transaction=True)

PAID_CART = {"valor": 2, "rehope": 1, "plain": 1}
BOOKS_OF_A_PAID_CART = [
    "accrual 5110 2110 560",
    "accrual 5110 2110 960",
    "balance_transaction 1050 1040 9100",
    "balance_transaction 6110 1050 294",
    "sale 1040 4510 9100",
]


@pytest.fixture(autouse=True)
def shelf(transactional_db: None) -> None:
    now = clock.wall_now()
    today = now.date()
    make_shelf(now, starts_on=today - timedelta(days=30), ends_on=today + timedelta(days=60))


@pytest.fixture
def visitor(live_server: Any, webhooks: LocalStripe) -> Visitor:
    return Visitor(live_server.url)


def work() -> None:
    """What worker and beat do: the events that have arrived, the sweeps, the mail."""
    payments_tasks.process_events()
    Charge.objects.update(seen_at=clock.wall_now() - timedelta(minutes=1))
    payments_tasks.sweep()
    sweep_holds()
    send_mails()


def settle_and_work(stripe: LocalStripe) -> None:
    stripe.drain()
    work()
    stripe.settle()
    stripe.drain()
    work()


def book_lines() -> list[str]:
    postings = Posting.objects.select_related("entry", "debit", "credit")
    return sorted(f"{p.entry.kind} {p.debit.code} {p.credit.code} {p.amount_minor}" for p in postings)


def findings() -> list[str]:
    return [finding for result in books.run() for finding in result.findings]


def stock() -> dict[str, tuple[int, int]]:
    return {
        sku: (on_hand, reserved) for sku, on_hand, reserved in Variant.objects.values_list("sku", "on_hand", "reserved")
    }


def test_from_the_shelf_to_the_partners_shares(visitor: Visitor, webhooks: LocalStripe) -> None:
    assert "$4.80 goes to Dahlia&#x27;s Hope" in visitor.go("/shop/")
    cart = visitor.fill_cart(**PAID_CART)
    assert "$91.00" in cart
    assert "$9.60" in cart

    visitor.send("/checkout/")
    assert visitor.url.startswith(webhooks.url)
    page = visitor.pay_with(GOOD_CARD)

    assert "Your order is paid." in page
    assert "$9.60 to Dahlia&#x27;s Hope" in page
    assert "$5.60 to Restoration House KC" in page
    settle_and_work(webhooks)
    assert book_lines() == BOOKS_OF_A_PAID_CART
    assert (balance("clearing"), balance("stripe_balance"), balance("processing_fees")) == (0, 8806, 294)
    owed = balances_by_owner("payable", local_day(clock.now()))
    hope, house = (Partner.objects.get(name=name).pk for name in ("Dahlia's Hope", "Restoration House KC"))
    assert owed == {f"partner:{hope}": -960, f"partner:{house}": -560}
    assert findings() == []
    assert stock() == {"VALOR-DARK": (18, 0), "REHOPE": (19, 0), "PLAIN": (19, 0)}
    (mail,) = webhooks.mails("bea@example.org")
    assert "$9.60 to Dahlia's Hope" in str(mail)
    assert "Your cart is empty." in visitor.go("/cart/")
    assert Order.objects.get().shipping_address["city"] == "Kansas City"


def test_a_buyer_who_never_comes_back_is_found_by_the_webhook(visitor: Visitor, webhooks: LocalStripe) -> None:
    visitor.fill_cart(**PAID_CART)
    visitor.send("/checkout/")

    visitor.pay_with(GOOD_CARD, come_back=False)
    settle_and_work(webhooks)

    assert Order.objects.get().state == "paid"
    assert book_lines() == BOOKS_OF_A_PAID_CART


def test_without_any_webhook_the_sweep_finds_the_payment(visitor: Visitor, webhooks: LocalStripe) -> None:
    webhooks.pause_webhooks()
    visitor.fill_cart(**PAID_CART)
    visitor.send("/checkout/")
    visitor.pay_with(GOOD_CARD, come_back=False)

    webhooks.advance(minutes=40)
    webhooks.settle()
    work()
    work()

    assert not StripeEvent.objects.exists()
    assert Order.objects.get().state == "paid"
    assert book_lines() == BOOKS_OF_A_PAID_CART
    assert findings() == []


def test_every_event_twice_and_in_the_wrong_order_ends_the_same(visitor: Visitor, webhooks: LocalStripe) -> None:
    visitor.fill_cart(**PAID_CART)
    visitor.send("/checkout/")
    visitor.pay_with(GOOD_CARD, come_back=False)
    webhooks.settle()
    webhooks.drain()

    for turn, newest_first in enumerate((True, False, True)):
        for delivery in webhooks.deliveries():
            webhooks.resend(delivery["event"])
        webhooks.drain()
        process_again(newest_first=newest_first)
        assert Entry.objects.count() == 4, f"turn {turn}"

    assert book_lines() == BOOKS_OF_A_PAID_CART
    assert OrderEvent.objects.filter(kind="paid").count() == 1
    assert len(webhooks.mails("bea@example.org")) == 1
    assert findings() == []


def process_again(*, newest_first: bool) -> None:
    """Put every event back into the inbox and work through them in this order."""
    now = clock.wall_now()
    order = "-created_at" if newest_first else "created_at"
    for place, event in enumerate(StripeEvent.objects.order_by(order, "id")):
        due = now - timedelta(hours=1) + timedelta(seconds=place)
        StripeEvent.objects.filter(pk=event.pk).update(
            state=StripeEvent.State.RECEIVED, finished_at=None, lease_until=None, next_attempt_at=due, reason=""
        )
    work()
    assert not StripeEvent.objects.filter(state=StripeEvent.State.RECEIVED).exists()


def test_a_worker_that_dies_half_way_leaves_nothing_half_done(
    visitor: Visitor, webhooks: LocalStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.fill_cart(**PAID_CART)
    visitor.send("/checkout/")
    visitor.pay_with(GOOD_CARD, come_back=False)
    webhooks.drain()

    def die(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(mark_order_paid_module, "tell_buyer_paid", die)
        with pytest.raises(KeyboardInterrupt):
            payments_tasks.process_events()
    left_over = book_lines(), Order.objects.get().state, stock()["VALOR-DARK"], Allocation.objects.count()
    StripeEvent.objects.filter(lease_until__isnull=False).update(lease_until=clock.wall_now() - timedelta(seconds=1))
    settle_and_work(webhooks)

    assert left_over == ([], "pending", (20, 2), 0)
    assert book_lines() == BOOKS_OF_A_PAID_CART
    assert stock()["VALOR-DARK"] == (18, 0)
    assert findings() == []


def test_return_page_webhook_and_sweep_at_once_make_one_sale(visitor: Visitor, webhooks: LocalStripe) -> None:
    visitor.fill_cart(**PAID_CART)
    visitor.send("/checkout/")
    visitor.pay_with(GOOD_CARD, come_back=False)
    way_back = visitor.leads_to
    webhooks.drain()

    answers = at_once(
        *[lambda: visitor.http.get(way_back, timeout=30).status_code] * 4,
        *[payments_tasks.process_events] * 3,
        payments_tasks.sweep,
    )

    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    assert answers[:4] == [200] * 4
    settle_and_work(webhooks)
    assert book_lines() == BOOKS_OF_A_PAID_CART
    assert OrderEvent.objects.filter(kind="paid").count() == 1


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            gate.wait(timeout=20)
            return call()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


def test_a_declined_card_costs_nothing_and_may_be_tried_again(visitor: Visitor, webhooks: LocalStripe) -> None:
    visitor.fill_cart(**PAID_CART)
    visitor.send("/checkout/")
    payment_page = visitor.url

    visitor.pay_with(DECLINED_CARD)
    settle_and_work(webhooks)

    assert visitor.status == 402
    assert (book_lines(), Order.objects.get().state) == ([], "pending")
    visitor.url = payment_page
    assert "Your order is paid." in visitor.pay_with(GOOD_CARD)
    settle_and_work(webhooks)
    assert book_lines() == BOOKS_OF_A_PAID_CART


def test_a_buyer_who_turns_back_keeps_the_cart_and_the_pieces_go_back_in_time(
    visitor: Visitor, webhooks: LocalStripe
) -> None:
    visitor.fill_cart(**PAID_CART)
    visitor.send("/checkout/")
    turn_back = next(word for word in visitor.page.split('"') if word.endswith("/cancelled/"))

    assert "Your card was not charged" in visitor.go(turn_back)
    assert stock()["VALOR-DARK"] == (20, 2)
    assert "$91.00" in visitor.go("/cart/")
    webhooks.advance(minutes=40)
    webhooks.drain()
    work()

    assert "This checkout ended without a payment" in visitor.go(turn_back)
    assert (book_lines(), stock()["VALOR-DARK"]) == ([], (20, 0))
    assert findings() == []


def test_the_last_piece_of_an_expired_checkout_can_be_bought_by_the_next(
    visitor: Visitor, webhooks: LocalStripe
) -> None:
    set_stock("VALOR-DARK", 1)
    visitor.fill_cart(valor=1)
    visitor.send("/checkout/")
    first_payment_page = visitor.url
    other = Visitor(visitor.web)
    assert "None are left just now." in other.go("/shop/valor-tassel-earrings/")

    webhooks.advance(minutes=40)
    webhooks.drain()
    work()
    work()

    visitor.url = first_payment_page
    visitor.pay_with(GOOD_CARD)
    assert visitor.status == 410
    other.fill_cart(valor=1)
    other.send("/checkout/")
    assert "Your order is paid." in other.pay_with(GOOD_CARD)
    assert OrderEvent.objects.filter(kind="released").count() == 1
    assert stock()["VALOR-DARK"] == (0, 0)


def test_paying_again_from_the_cart_closes_the_first_payment_page(visitor: Visitor, webhooks: LocalStripe) -> None:
    visitor.fill_cart(valor=1)
    visitor.send("/checkout/")
    first_payment_page = visitor.url
    visitor.go("/cart/")
    visitor.send("/checkout/")
    second_payment_page = visitor.url

    visitor.url = first_payment_page
    visitor.pay_with(GOOD_CARD)

    assert visitor.status == 410
    visitor.url = second_payment_page
    assert "Your order is paid." in visitor.pay_with(GOOD_CARD)
    settle_and_work(webhooks)
    assert Entry.objects.filter(kind="sale").count() == 1
    assert stock()["VALOR-DARK"] == (19, 0)
