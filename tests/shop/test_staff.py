"""What staff see: the list of what needs them, and the records."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from payments.facts import RefundRefused
from people import desk
from people.console import StaffConsole
from people.models import Mail, User
from shop import desk_tasks
from shop.models import Order, OrderRefund, Variant
from shop.operations.close_order import close_order
from shop.operations.mark_order_paid import mark_order_paid
from shop.operations.undo_refund import refuse_refund
from tests.shop.conftest import NOW, paid_fact, placed_order, set_stock

pytestmark = pytest.mark.usefixtures("shelf")


@pytest.fixture
def staff(client: Client, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """Somebody who has passed the console's door; the door itself is people's to test."""
    monkeypatch.setattr(StaffConsole, "has_permission", lambda site, request: True)
    client.force_login(User.objects.create_superuser("sam@tassel.example"))
    yield client


def order_paid_too_late() -> Order:
    order = placed_order(VALOR_DARK=1).order
    close_order(order_id=order.pk, because=Order.ClosedBecause.EXPIRED, now=NOW)
    set_stock("VALOR-DARK", 0)
    mark_order_paid(paid_fact(order), now=NOW)
    return order


def refused() -> None:
    """Stripe will not make the refund that nobody asked for."""
    refund = OrderRefund.objects.select_related("order").get()
    subject = refund.order.ref
    refuse_refund(RefundRefused(kind="order", subject=subject, request_ref=refund.ref, code="no_funds"), now=NOW)
    assert "Stripe refused a refund that is due" in Mail.objects.get(to="staff@tassel.example").subject


def test_the_desk_lists_whom_we_owe() -> None:
    placed_order(REHOPE=1)
    order = order_paid_too_late()
    assert desk_tasks.waiting(NOW) == []  # it goes back by itself
    refused()

    (task,) = desk_tasks.waiting(NOW)

    assert task.title == f"Give back the money of order {order.number}"
    assert task.detail.startswith("$24.00: paid after its pieces were released")
    assert task.href == f"/desk/orders/{order.pk}/"


def test_the_desk_asks_the_shop() -> None:
    assert desk_tasks.waiting in desk._sources


def test_a_second_charge_is_on_the_desk_too() -> None:
    order = placed_order(VALOR_DARK=1).order
    mark_order_paid(paid_fact(order), now=NOW)
    mark_order_paid(paid_fact(order, charge_ref="stripe:charge:ch_second"), now=NOW)
    assert desk_tasks.waiting(NOW) == []
    refused()

    (task,) = desk_tasks.waiting(NOW)

    assert "charged twice" in task.detail


def test_orders_can_be_read_and_found_and_not_changed(staff: Client) -> None:
    order = order_paid_too_late()

    for path in ("", "?q=abc", f"?q={order.pk}", "?q=VALOR", f"{order.pk}/change/"):
        assert staff.get(f"/console/shop/order/{path}").status_code == 200
    assert b"No orders" not in staff.get(f"/console/shop/order/?q={order.pk}").content
    assert staff.post(f"/console/shop/order/{order.pk}/change/", {"state": "paid"}).status_code == 403
    assert staff.get("/console/shop/order/add/").status_code == 403


@pytest.mark.parametrize("path", ["product/", "product/add/", "collection/", "stockmovement/?q=REHOPE"])
def test_the_records_open(staff: Client, path: str) -> None:
    assert staff.get(f"/console/shop/{path}").status_code == 200


def test_stock_is_no_field_to_type_in(staff: Client, valor: Variant) -> None:
    page = staff.get(f"/console/shop/product/{valor.product_id}/change/").content

    assert b'name="variants-0-price_minor"' in page
    assert b'name="variants-0-on_hand"' not in page
    assert b'name="variants-0-reserved"' not in page
