"""rules/shop.md case 9 through the doors: two carts a second apart, two rates, and the first one's refund in April."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from ledger.queries import balance
from partners.models import Allocation, AllocationReversal, Partner
from payments.operations.apply_fact import apply_fact
from payments.operations.refund_charge import RefundRequest
from people import clock
from shop.models import Order
from shop.operations import send_refunds as send_refunds_module
from tests.green_books import what_is_wrong
from tests.shop.conftest import PaymentPages, make_product, paid_fact, promise
from tests.shop.test_refunds import made, staff

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shelf")]


@pytest.fixture
def april() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(datetime(2026, 4, 1, tzinfo=UTC), tick=False) as traveller:
        cache.clear()
        yield traveller


@pytest.fixture
def refunds(monkeypatch: pytest.MonkeyPatch) -> list[RefundRequest]:
    """Stripe makes each refund at once, and tells of it by the one door of all facts."""
    asked: list[RefundRequest] = []

    def refund(*, request: RefundRequest, now: datetime) -> None:
        asked.append(request)
        told = made(request.charge_ref, request.subject, request.amount_minor, request_ref=request.request_ref)
        apply_fact(replace(told, at=now), now)

    monkeypatch.setattr(send_refunds_module, "refund_charge", refund)
    return asked


def bought_at(traveller: time_machine.Coordinates, *started: int) -> Order:
    """Put in a cart of its own and taken to the payment page at that moment of 1 April, paid at 05:10."""
    buyer = Client()
    traveller.move_to(datetime(2026, 4, 1, *started, tzinfo=UTC))
    buyer.post("/cart/add/", {"sku": "SPRING", "quantity": 1})
    assert buyer.post("/checkout/").status_code == 302
    order = Order.objects.latest("pk")
    traveller.move_to(datetime(2026, 4, 1, 5, 10, tzinfo=UTC))
    apply_fact(paid_fact(order, paid_at=clock.now()), clock.now())
    order.refresh_from_db()
    return order


def test_shop_case_9_the_rate_of_the_first_second_binds_until_the_money_is_back(
    april: time_machine.Coordinates, payment_pages: PaymentPages, refunds: list[RefundRequest]
) -> None:
    make_product("spring-tassel-earrings", "SPRING", 2400)
    hope, scope = Partner.objects.get(slug="dahlias-hope"), "product:spring-tassel-earrings"
    promise(hope, scope, starts_on=date(2026, 3, 1), ends_on=date(2026, 3, 31))
    promise(hope, scope, rate_num=25, starts_on=date(2026, 4, 1), ends_on=date(2026, 4, 30))

    first, second = bought_at(april, 4, 59, 59), bought_at(april, 5, 0, 0)
    assert -balance("payable", hope.owner) == 480 + 600
    april.move_to(datetime(2026, 4, 10, 17, tzinfo=UTC))
    desk, page = staff("fulfilment"), f"/desk/orders/{first.pk}/"
    shown = desk.get(page, {"amount": "24", "because": "returned"}).content.decode()
    answer = desk.post(f"{page}refund/", {"amount": "24", "because": "returned", "form_key": "once"})

    assert "Dahlia&#x27;s Hope, of $4.80" in shown
    assert (answer.status_code, [request.amount_minor for request in refunds]) == (302, [2400])
    shares = Allocation.objects.order_by("pk").values_list("source", "amount_minor")
    assert list(shares) == [(first.ref, 480), (second.ref, 600)]
    back = AllocationReversal.objects.get()
    assert (back.allocation.source, back.amount_minor, back.at.date()) == (first.ref, 480, date(2026, 4, 10))
    assert -balance("payable", hope.owner) == 600
    assert what_is_wrong() == []
