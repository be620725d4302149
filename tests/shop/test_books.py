"""The books name what does not fit the shop's rows: each fault is planted as the database's owner."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from ledger import builders
from ledger.builders import Parts
from ledger.models import Entry
from ledger.operations.post_entry import post_entry
from people.queries import local_day
from shop.books import CHECKS
from shop.models import Order, Variant
from shop.operations.mark_order_paid import mark_order_paid
from tests.ledger.raw import as_owner, check_at_commit
from tests.shop.conftest import NOW, paid_fact, placed_order

pytestmark = pytest.mark.usefixtures("shelf")
PARTS = "each paid order has its sale, each sale its paid order"
REFUNDED = "no part of an order was refunded beyond itself"


def findings() -> dict[str, list[str]]:
    return {check.name: found for check in CHECKS if (found := list(check.find()))}


@pytest.fixture
def order() -> Order:
    """Two pairs of Valor: goods $48.00, tax $4.07; $52.07 charged."""
    placed = placed_order(VALOR_DARK=2).order
    mark_order_paid(paid_fact(placed, tax_minor=407, total_minor=5207), now=NOW)
    placed.refresh_from_db()
    return placed


def give_back(order: Order, builder: str = "refund", ref: str = "refund_ref", **parts: int) -> None:
    about: dict[str, Any] = {"source": order.ref, "event_at": NOW, "effective_on": local_day(NOW), "currency": "usd"}
    about[ref] = f"stripe:{builder}:{Entry.objects.count()}" if builder != "refund_failed" else "stripe:refund:2"
    with transaction.atomic():
        post_entry(getattr(builders, builder)(parts=Parts(**parts), **about), now=NOW)


def test_paid_order_given_back_to_the_last_cent_passes(order: Order) -> None:
    give_back(order, goods_minor=4000, tax_minor=7)
    give_back(order, "dispute_lost", "dispute_ref", goods_minor=800, tax_minor=400)

    assert findings() == {}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            "UPDATE ledger_posting SET amount_minor = 4801 WHERE amount_minor = 4800",
            "goods is $48.00, the sale says $48.01",
        ),
        ("UPDATE shop_orderline SET units = 3, net_minor = 7200", "goods is $48.00, its lines come to $72.00"),
        ("UPDATE ledger_posting SET amount_minor = 408 WHERE amount_minor = 407", "tax is $4.07, the sale says $4.08"),
        ("UPDATE shop_orderline SET tax_minor = 0", "tax is $4.07, its lines come to $0.00"),
        ("UPDATE payments_charge SET amount_minor = 5206", "the whole is $52.07, the charge was $52.06"),
        ("DELETE FROM payments_charge", "the whole is $52.07, the charge was nothing"),
    ],
)
def test_l12_part_that_differs_is_named(order: Order, change: str, said: str) -> None:
    as_owner(change)

    assert f"{order.ref} ({order.charge_ref}): {said}" in findings()[PARTS]


def test_l12_shipping_that_differs_is_named(order: Order) -> None:
    as_owner("UPDATE shop_order SET shipping_minor = 500, total_minor = 5707")

    assert findings()[PARTS] == [
        f"{order.ref} ({order.charge_ref}): shipping is $5.00, the sale says $0.00",
        f"{order.ref} ({order.charge_ref}): the whole is $57.07, the sale took from clearing $52.07",
        f"{order.ref} ({order.charge_ref}): the whole is $57.07, the charge was $52.07",
    ]


def test_l12_total_that_its_parts_do_not_make_is_named(order: Order) -> None:
    check_at_commit()
    as_owner("ALTER TABLE shop_order DROP CONSTRAINT order_total_adds_up")
    as_owner("UPDATE shop_order SET total_minor = 5208")

    assert f"{order.ref} ({order.charge_ref}): the whole is $52.07, the order says $52.08" in findings()[PARTS]


def test_l12_sale_of_no_paid_order_is_named(order: Order) -> None:
    as_owner("UPDATE shop_order SET state = 'refund_due'")

    sale = Entry.objects.get(kind="sale")
    assert findings()[PARTS] == [f"sale {order.charge_ref}:sale (entry {sale.pk}) is of no paid order"]


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"goods_minor": 4801}, "$48.01 of its goods went back, $48.00 was paid for it"),
        ({"tax_minor": 408}, "$4.08 of its tax went back, $4.07 was paid for it"),
        ({"shipping_minor": 1}, "$0.01 of its shipping went back, $0.00 was paid for it"),
    ],
)
def test_l12_part_refunded_beyond_itself_is_named(order: Order, parts: dict[str, int], said: str) -> None:
    give_back(order, **parts)

    assert findings() == {REFUNDED: [f"{order.ref}: {said}"]}


def test_l12_refunds_and_lost_disputes_count_together_and_failed_refunds_do_not(order: Order) -> None:
    give_back(order, goods_minor=4800, tax_minor=407)
    give_back(order, "dispute_lost", "dispute_ref", tax_minor=1)
    assert findings() == {REFUNDED: [f"{order.ref}: $4.08 of its tax went back, $4.07 was paid for it"]}

    give_back(order, "refund_failed", goods_minor=4800, tax_minor=407)
    assert findings() == {}


def test_reservation_that_no_hold_explains_is_named() -> None:
    Variant.objects.filter(sku="REHOPE").update(reserved=1)

    assert findings() == {
        "stock is explained by its movements and holds": ["REHOPE: on hand 20, movements 20; reserved 1, holds 0"]
    }
