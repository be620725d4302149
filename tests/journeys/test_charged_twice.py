"""Money that bought nothing goes back by itself, exactly once, whoever dies, fails or tells it twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from django.test import Client

from ledger.models import Entry
from ledger.queries import balance
from partners.models import Allocation
from payments import tasks as payment_tasks
from payments.models import StripeCall
from payments.operations import refund_charge
from people import clock
from people.models import Mail
from shop import tasks
from shop.links import make_link
from shop.models import Order, OrderRefund
from shop.operations.close_order import close_order
from tests.green_books import what_is_wrong
from tests.journeys import money_back as money
from tests.local_stripe import LocalStripe
from tests.payments.kill_points import RETURN_POINTS, TIMES, killed_at, swept
from tests.shop.conftest import make_shelf, placed_order, set_stock

pytestmark = pytest.mark.django_db(transaction=True)
LOST = {"fault": "applied_then_dropped", "method": "POST", "path": "/v1/refunds", "times": 3}


@pytest.fixture(autouse=True)
def shelf(transactional_db: None) -> None:
    now = clock.wall_now()
    make_shelf(now, starts_on=now.date() - timedelta(days=30), ends_on=now.date() + timedelta(days=60))


def charged_twice() -> Order:
    order = money.sell(1)
    money.pay("order", order.ref, order.total_minor, attempt=2)
    return order


def paid_too_late() -> Order:
    """The pieces were released and have gone when the payment arrives."""
    order = placed_order(clock.now(), VALOR_DARK=2).order
    close_order(order_id=order.pk, because=Order.ClosedBecause.EXPIRED, now=clock.now())
    set_stock("VALOR-DARK", 1)
    money.pay("order", order.ref, order.total_minor)
    order.refresh_from_db()
    return order


def at_stripe() -> list[tuple[str, int]]:
    """(whose, how much) of each refund that was made there."""
    return [(refund.metadata["request"], refund.amount) for refund in money.client().refunds.list().data]


def page_of(order: Order) -> str:
    token = make_link(order, now=clock.now())
    return " ".join(Client().get(f"/orders/{token}/").content.decode().split())


def assert_all_is_back(order: Order, refund: OrderRefund) -> None:
    refund.refresh_from_db()
    assert refund.state == OrderRefund.State.MADE
    assert at_stripe() == [(refund.ref, refund.amount_minor)]
    call = StripeCall.objects.get(purpose="refund")
    assert (call.idempotency_key, call.state) == (f"refund:{refund.ref}", "done")
    assert balance("deposits") == 0
    kinds = Entry.objects.filter(kind__in=["deposit", "deposit_refunded"]).values_list("kind", flat=True)
    assert sorted(kinds) == ["deposit", "deposit_refunded"]
    assert what_is_wrong() == []


def test_a_second_charge_goes_back_by_itself_and_its_buyer_is_told(webhooks: LocalStripe) -> None:
    order = charged_twice()
    refund = OrderRefund.objects.get()
    assert (balance("deposits"), at_stripe()) == (-2400, [])
    assert "charged a second time, $24.00; we are sorry. It is on its way back" in page_of(order)

    for _ in range(2):
        assert tasks.send_refunds() in (0, 1)
        money.hear(webhooks)
    money.book_balance(webhooks)

    assert_all_is_back(order, refund)
    assert Allocation.objects.get().amount_minor == 480
    order.refresh_from_db()
    assert (order.state, order.given_back_minor) == (Order.State.PAID, 0)
    assert "a second time, $24.00; we are sorry. We gave it back" in page_of(order)
    subjects = sorted(Mail.objects.filter(to="bea@example.org").values_list("subject", flat=True))
    assert [subject.partition(" ")[0] for subject in subjects] == ["We", "Your", "Your"]
    assert f"Your order {order.number} was charged twice: we are giving it back" in subjects


def test_what_was_paid_too_late_goes_back_by_itself(webhooks: LocalStripe) -> None:
    order = paid_too_late()
    assert order.state == Order.State.REFUND_DUE
    assert "We are giving you $48.00 back" in page_of(order)

    tasks.send_refunds()
    money.hear(webhooks)
    money.book_balance(webhooks)

    assert_all_is_back(order, OrderRefund.objects.get())
    assert not Allocation.objects.exists() and balance("sales") == 0
    order.refresh_from_db()
    assert order.state == Order.State.REFUNDED
    assert "We gave you $48.00 back" in page_of(order)


def test_an_answer_that_was_lost_makes_no_second_refund(webhooks: LocalStripe) -> None:
    order = charged_twice()
    webhooks.do("faults", seed=1, api=[LOST])

    tasks.send_refunds()
    assert StripeCall.objects.get(purpose="refund").state == "unknown"
    tasks.send_refunds()
    swept()
    money.hear(webhooks)
    money.book_balance(webhooks)

    assert_all_is_back(order, OrderRefund.objects.get())


def test_told_by_many_at_once_it_goes_back_once(webhooks: LocalStripe) -> None:
    webhooks.pause_webhooks()
    order = charged_twice()
    webhooks.resume_webhooks()
    webhooks.drain()

    def work(task: Any) -> None:
        try:
            task()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, [tasks.send_refunds, payment_tasks.process_events] * 2))
    money.hear(webhooks)
    swept()
    tasks.send_refunds()
    money.book_balance(webhooks)

    assert_all_is_back(order, OrderRefund.objects.get())


def test_what_stripe_refuses_stays_owed_and_is_told_on_page_and_desk(webhooks: LocalStripe) -> None:
    order = charged_twice()
    refund = OrderRefund.objects.get()
    money.client().refunds.create({"charge": refund.charge_ref.rpartition(":")[2], "amount": 1000})

    with mock.patch.object(refund_charge, "apply_fact", side_effect=RuntimeError("died before it could tell")):
        tasks.send_refunds()
    refund.refresh_from_db()
    assert (refund.state, StripeCall.objects.get(purpose="refund").state) == (OrderRefund.State.ASKED, "failed")
    tasks.send_refunds()

    refund.refresh_from_db()
    assert (refund.state, balance("deposits")) == (OrderRefund.State.REFUSED, -2400)
    assert "It could not be given back by itself; we have been told and are on it" in page_of(order)


@pytest.mark.parametrize("point", RETURN_POINTS)
def test_killed_anywhere_around_the_refund_it_is_made_once(sandbox: LocalStripe, point: str) -> None:
    """The worker that gives back what bought nothing dies; the sweeps of payments and shop find the same end."""
    for _ in range(TIMES):
        charged_twice()
        refund = OrderRefund.objects.latest("pk")

        killed_at(point, tasks.send_refunds)
        for _ in range(2):
            swept()
            tasks.send_refunds()

        refund.refresh_from_db()
        assert refund.state == OrderRefund.State.MADE
        assert [whose for whose, _ in at_stripe() if whose == refund.ref] == [refund.ref]
        assert Entry.objects.filter(idempotency_key=refund.cause_ref, kind="deposit_refunded").count() == 1
        call = StripeCall.objects.get(subject=refund.order.ref, purpose="refund")
        assert (call.state, f"stripe:refund:{call.result_id}") == ("done", refund.cause_ref)
    assert balance("deposits") == 0
    money.book_balance(sandbox)
    assert what_is_wrong() == []
