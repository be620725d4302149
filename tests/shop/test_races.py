"""Buyers who press at the same moment, on real connections."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from ledger import books
from ledger.models import Entry
from payments.facts import CheckoutExpired
from shop.models import Order, OrderEvent, Variant
from shop.operations.mark_order_paid import mark_order_paid
from shop.operations.release_order import release_order
from shop.operations.start_checkout import Replaced, start_checkout
from shop.operations.sweep_holds import sweep_holds
from shop.outcomes import Outcome
from shop.stock import OutOfStock
from tests.shop.conftest import NOW, PaymentPages, filled_cart, make_shelf, paid_fact, placed_order, set_stock
from tests.shop.test_checkout import LATER

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def shelf_for_all(transactional_db: None) -> None:
    make_shelf()


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Every call in a thread and a connection of its own, let go together; results or the exceptions they raised."""
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            gate.wait(timeout=10)
            return call()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


def test_six_buyers_and_one_piece(payment_pages: PaymentPages) -> None:
    """rules/shop.md case 5."""
    carts = [filled_cart(VALOR_DARK=1) for _ in range(6)]
    set_stock("VALOR-DARK", 1)

    results = at_once(*(lambda cart=cart: start_checkout(cart_id=cart, now=NOW) for cart in carts))

    losers = [result for result in results if isinstance(result, OutOfStock)]
    assert len(losers) == 5
    assert {loser.shortages[0].available for loser in losers} == {0}
    assert len(payment_pages.opened) == 1
    assert Variant.objects.get(sku="VALOR-DARK").reserved == 1
    assert Order.objects.count() == 1


def test_carts_in_opposite_order_do_not_wait_for_each_other(payment_pages: PaymentPages) -> None:
    one_way, other_way = {"VALOR_DARK": 1, "REHOPE": 1}, {"REHOPE": 1, "VALOR_DARK": 1}
    carts = [filled_cart(**pieces) for pieces in (one_way, other_way, one_way, other_way)]

    results = at_once(*(lambda cart=cart: start_checkout(cart_id=cart, now=NOW) for cart in carts))

    assert [result for result in results if isinstance(result, Exception)] == []
    assert set(Variant.objects.exclude(sku="PLAIN").values_list("reserved", flat=True)) == {4}


def test_a_double_click_leaves_one_open_order(payment_pages: PaymentPages) -> None:
    set_stock("VALOR-DARK", 1)
    cart = filled_cart(VALOR_DARK=1)

    results = at_once(*[lambda: start_checkout(cart_id=cart, now=NOW)] * 4)

    assert [result for result in results if isinstance(result, Exception) and not isinstance(result, Replaced)] == []
    assert Order.objects.filter(state="pending").count() == 1
    assert Variant.objects.get(sku="VALOR-DARK").reserved == 1


def test_one_payment_told_by_eight_at_once_is_booked_once() -> None:
    order = placed_order(VALOR_DARK=2).order

    results = at_once(*[lambda: mark_order_paid(paid_fact(order), now=NOW)] * 8)

    assert sorted(results) == [Outcome.ALREADY_PAID] * 7 + [Outcome.PAID]
    assert Entry.objects.count() == 2
    assert Variant.objects.get(sku="VALOR-DARK").on_hand == 18


def test_release_told_twice_while_the_sweep_runs_happens_once(payment_pages: PaymentPages) -> None:
    order = placed_order(VALOR_DARK=2).order
    fact = CheckoutExpired(kind="order", subject=order.ref, checkout_ref="cs", at=NOW)

    at_once(*[lambda: release_order(fact, now=NOW)] * 2, lambda: sweep_holds(now=LATER))

    assert Variant.objects.get(sku="VALOR-DARK").reserved == 0
    assert OrderEvent.objects.filter(kind="released").count() == 1


def test_paid_and_expired_at_once_never_loses_a_piece() -> None:
    order = placed_order(VALOR_DARK=2).order
    fact = CheckoutExpired(kind="order", subject=order.ref, checkout_ref="cs", at=NOW)

    at_once(lambda: mark_order_paid(paid_fact(order), now=NOW), lambda: release_order(fact, now=NOW))

    valor = Variant.objects.get(sku="VALOR-DARK")
    assert (Order.objects.get().state, valor.on_hand, valor.reserved) == ("paid", 18, 0)
    assert [finding for result in books.run() for finding in result.findings] == []
