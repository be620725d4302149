"""Starting to pay: what is held and frozen, what is asked of the payment page, and how it ends unpaid."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F

from payments.facts import CheckoutAwaiting, CheckoutExpired, CheckoutFailed
from payments.operations.expire_checkout import Outcome as Expiry
from payments.operations.open_checkout import StripeRefused, StripeUnavailable
from shop.models import CartLine, Order, OrderEvent, OrderLineAgreement, OrderLink, StockHold, StockMovement, Variant
from shop.operations import sweep_holds as sweep_holds_module
from shop.operations.await_payment import await_payment
from shop.operations.close_order import close_order
from shop.operations.place_order import EmptyCart, LeftTheShop
from shop.operations.release_order import release_order
from shop.operations.remove_from_cart import remove_from_cart
from shop.operations.start_checkout import EarlierOrderPaid, PaymentPageUnavailable, start_checkout
from shop.operations.sweep_holds import sweep_holds
from shop.outcomes import Outcome
from shop.quantities import BeyondLimit
from shop.stock import OutOfStock
from tests.shop.conftest import NOW, PaymentPages, filled_cart, placed_order, set_stock

pytestmark = pytest.mark.usefixtures("shelf")
LATER = NOW + timedelta(minutes=37)


def reserved(sku: str = "VALOR-DARK") -> int:
    return Variant.objects.get(sku=sku).reserved


def expired(order: Order) -> CheckoutExpired:
    return CheckoutExpired(kind="order", subject=order.ref, checkout_ref=f"cs_{order.pk}", at=NOW)


def test_a_checkout_holds_the_pieces_and_freezes_lines_and_promises(payment_pages: PaymentPages) -> None:
    started = start_checkout(cart_id=filled_cart(VALOR_DARK=2, PLAIN=1), now=NOW)

    order = Order.objects.get(pk=started.order_id)
    assert (order.state, order.subtotal_minor, order.total_minor, order.currency) == ("pending", 6300, 6300, "usd")
    assert [line.title for line in order.lines.all()] == [
        "2 x Valor tassel earrings, Dark",
        "1 x Plain tassel earrings, Natural",
    ]
    frozen = OrderLineAgreement.objects.get()
    assert frozen.line.sku == "VALOR-DARK"
    assert frozen.words.startswith("20% of the price of each Valor tassel earring ($4.80 of $24.00) sold January 1")
    assert (reserved(), reserved("PLAIN")) == (2, 1)
    assert CartLine.objects.count() == 2


def test_the_payment_page_is_asked_for_exactly_the_frozen_lines(payment_pages: PaymentPages) -> None:
    started = start_checkout(cart_id=filled_cart(VALOR_DARK=2, PLAIN=1), now=NOW)

    (asked,) = payment_pages.opened
    assert (asked.kind, asked.mode, asked.subject) == ("order", "payment", f"order:{started.order_id}")
    assert [(line.name, line.amount_minor) for line in asked.lines] == [
        ("2 x Valor tassel earrings, Dark", 4800),
        ("1 x Plain tassel earrings, Natural", 1500),
    ]
    assert asked.success_url == (
        f"http://localhost:8000/orders/{started.token}/return/?session_id={{CHECKOUT_SESSION_ID}}"
    )
    assert asked.expires_at - NOW >= timedelta(minutes=30)
    assert StockHold.objects.earliest("pk").until == asked.expires_at + timedelta(minutes=5)
    assert asked.collect_shipping_countries == ("US",)


def test_the_token_is_kept_only_as_a_hash(payment_pages: PaymentPages) -> None:
    started = start_checkout(cart_id=filled_cart(VALOR_DARK=1), now=NOW)

    assert len(started.token) >= 22
    assert started.token not in str(OrderLink.objects.values())


@pytest.mark.parametrize("trouble", [StripeUnavailable("no answer"), StripeRefused("no", code="parameter_unknown")])
def test_without_a_payment_page_nothing_is_held(payment_pages: PaymentPages, trouble: Exception) -> None:
    cart = filled_cart(VALOR_DARK=2)
    payment_pages.trouble = trouble

    with pytest.raises(PaymentPageUnavailable):
        start_checkout(cart_id=cart, now=NOW)

    assert reserved() == 0
    assert (Order.objects.get().state, Order.objects.get().closed_because) == ("cancelled", "unavailable")
    assert CartLine.objects.get().quantity == 2


def test_paying_again_replaces_the_buyers_own_hold(payment_pages: PaymentPages) -> None:
    set_stock("VALOR-DARK", 1)
    cart = filled_cart(VALOR_DARK=1)
    first = start_checkout(cart_id=cart, now=NOW)

    second = start_checkout(cart_id=cart, now=NOW)

    assert payment_pages.expired == [f"order:{first.order_id}"]
    assert list(Order.objects.order_by("pk").values_list("state", flat=True)) == ["cancelled", "pending"]
    assert Order.objects.get(state="pending").pk == second.order_id
    assert reserved() == 1


def test_an_earlier_order_that_was_just_paid_is_not_replaced(payment_pages: PaymentPages) -> None:
    cart = filled_cart(VALOR_DARK=1)
    start_checkout(cart_id=cart, now=NOW)
    payment_pages.expiry = Expiry.ALREADY_PAID

    with pytest.raises(EarlierOrderPaid):
        start_checkout(cart_id=cart, now=NOW)

    assert Order.objects.get().state == "pending"
    assert reserved() == 1


def test_a_short_line_stops_everything(payment_pages: PaymentPages) -> None:
    cart = filled_cart(VALOR_DARK=2, REHOPE=3)
    set_stock("REHOPE", 2)

    with pytest.raises(OutOfStock) as short:
        start_checkout(cart_id=cart, now=NOW)

    assert [(s.sku, s.wanted, s.available) for s in short.value.shortages] == [("REHOPE", 3, 2)]
    assert (reserved(), reserved("REHOPE")) == (0, 0)
    assert not Order.objects.exists()
    assert payment_pages.opened == []


def test_limits_and_shelf_time_are_looked_at_again(payment_pages: PaymentPages, valor: Variant) -> None:
    cart = filled_cart(VALOR_DARK=2)
    Variant.objects.filter(pk=valor.pk).update(max_per_order=1)
    with pytest.raises(BeyondLimit):
        start_checkout(cart_id=cart, now=NOW)
    valor.product.published_until = NOW
    valor.product.save()

    with pytest.raises(LeftTheShop):
        start_checkout(cart_id=cart, now=NOW)

    assert not Order.objects.exists()


def test_an_empty_cart_cannot_be_paid(payment_pages: PaymentPages) -> None:
    cart = filled_cart(VALOR_DARK=1)
    remove_from_cart(cart_id=cart, sku="VALOR-DARK")

    for cart_id in (cart, 999_999):
        with pytest.raises(EmptyCart):
            start_checkout(cart_id=cart_id, now=NOW)


def test_expired_twice_is_released_once() -> None:
    """rules/shop.md case 5."""
    order = placed_order(VALOR_DARK=2).order

    outcomes = [release_order(expired(order), now=NOW) for _ in range(2)]

    assert outcomes == [Outcome.RELEASED, Outcome.ALREADY_CLOSED]
    assert reserved() == 0
    assert OrderEvent.objects.filter(kind="released").count() == 1
    assert StockHold.objects.get().state == StockHold.State.RELEASED


def test_a_bank_debit_keeps_its_pieces_until_the_bank_says_no(payment_pages: PaymentPages) -> None:
    order = placed_order(VALOR_DARK=2).order
    awaiting = CheckoutAwaiting(kind="order", subject=order.ref, checkout_ref="cs", at=NOW)

    outcomes = [await_payment(awaiting, now=NOW) for _ in range(2)]

    assert outcomes == [Outcome.AWAITING, Outcome.ALREADY_AWAITING]
    assert sweep_holds(now=NOW + timedelta(days=9)) == 0
    assert release_order(expired(order), now=NOW) is Outcome.ALREADY_CLOSED
    assert reserved() == 2
    failed = CheckoutFailed(kind="order", subject=order.ref, checkout_ref="cs", at=NOW)
    assert release_order(failed, now=NOW) is Outcome.RELEASED
    assert (Order.objects.get().state, Order.objects.get().closed_because, reserved()) == ("cancelled", "failed", 0)


def test_the_sweep_expires_the_page_first_and_releases_once(payment_pages: PaymentPages) -> None:
    order = placed_order(VALOR_DARK=2).order

    assert sweep_holds(now=NOW + timedelta(minutes=35)) == 0
    assert [sweep_holds(now=LATER) for _ in range(2)] == [1, 0]

    assert payment_pages.expired == [order.ref]
    assert (Order.objects.get().state, reserved()) == ("expired", 0)


@pytest.mark.parametrize(("trouble", "expiry"), [(StripeUnavailable("?"), Expiry.EXPIRED), (None, Expiry.ALREADY_PAID)])
def test_the_sweep_keeps_what_may_have_been_paid(payment_pages: PaymentPages, trouble: Any, expiry: Any) -> None:
    placed_order(VALOR_DARK=2)
    payment_pages.trouble, payment_pages.expiry = trouble, expiry

    assert sweep_holds(now=LATER) == 0

    assert (Order.objects.get().state, reserved()) == ("pending", 2)


def test_one_order_in_trouble_does_not_keep_the_pieces_of_the_next(
    payment_pages: PaymentPages, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = placed_order(VALOR_DARK=2).order, placed_order(VALOR_DARK=1).order

    def expire(*, subject: str, now: datetime) -> Expiry:
        if subject == first.ref:
            raise ValueError("poison")
        return Expiry.EXPIRED

    monkeypatch.setattr(sweep_holds_module, "expire_checkout", expire)

    assert sweep_holds(now=LATER) == 1
    assert dict(Order.objects.values_list("pk", "state")) == {first.pk: "pending", second.pk: "expired"}


def test_one_cart_has_one_pending_order() -> None:
    order = placed_order(VALOR_DARK=1).order

    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.create(
            cart_id=order.cart_id, currency="usd", subtotal_minor=1, total_minor=1, attempt_key="x", placed_at=NOW
        )


def test_stock_never_goes_below_its_reservation(valor: Variant) -> None:
    placed_order(VALOR_DARK=2)

    with pytest.raises(IntegrityError), transaction.atomic():
        Variant.objects.filter(pk=valor.pk).update(on_hand=1)


@pytest.mark.parametrize("model", [StockMovement, OrderEvent, OrderLineAgreement])
def test_what_happened_cannot_be_changed(model: Any) -> None:
    placed_order(VALOR_DARK=2)
    assert model.objects.exists()

    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.all().delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.update(id=F("id"))


def test_closing_an_order_leaves_others_alone() -> None:
    placed_order(VALOR_DARK=3)
    order = placed_order(VALOR_DARK=2).order

    close_order(order_id=order.pk, because=Order.ClosedBecause.EXPIRED, now=NOW)

    assert reserved() == 3
