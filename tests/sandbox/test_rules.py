"""What Stripe refuses although each parameter has the right name and type."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest

from sandbox import rules
from sandbox.endpoints import ENDPOINTS
from sandbox.errors import StripeError

NOW = 1_800_000_000
MONTHLY = {"currency": "usd", "unit_amount": 2500, "recurring": {"interval": "month"}, "product": "prod_1"}
STORED = {
    "price_once": {"currency": "usd", "unit_amount": 2400, "recurring": None},
    "price_monthly": {"currency": "usd", "unit_amount": 2500, "recurring": {"interval": "month"}},
    "price_tiny": {"currency": "usd", "unit_amount": None, "unit_amount_decimal": "12.5", "recurring": None},
}
GONE = object()


def line(quantity: int = 1, **price: Any) -> dict[str, Any]:
    data = {"currency": "usd", "unit_amount": 2400, "product_data": {"name": "Valor"}} | price
    return {"quantity": quantity, "price_data": {name: value for name, value in data.items() if value is not GONE}}


def session(**changes: Any) -> dict[str, Any]:
    """A session that Stripe takes, changed; `GONE` removes a parameter."""
    params = {"mode": "payment", "success_url": "https://shop.test/done", "line_items": [line()]} | changes
    return {name: value for name, value in params.items() if value is not GONE}


def monthly(**changes: Any) -> dict[str, Any]:
    return session(mode="subscription", line_items=[{"quantity": 1, "price_data": copy.deepcopy(MONTHLY)}], **changes)


def check(name: str, params: dict[str, Any]) -> None:
    rules.check(name, params, NOW, STORED.get)


def refusal(name: str, params: dict[str, Any]) -> StripeError:
    with pytest.raises(StripeError) as caught:
        check(name, params)
    assert (caught.value.status, caught.value.type) == (400, "invalid_request_error")
    return caught.value


def test_every_rule_belongs_to_an_endpoint() -> None:
    assert rules.RULES.keys() <= {endpoint.name for endpoint in ENDPOINTS}


@pytest.mark.parametrize(
    "params",
    [
        session(),
        session(cancel_url="http://localhost:8000/cart", customer="cus_1", expires_at=NOW + 1800),
        session(expires_at=NOW + 86_400, customer_email="ada@example.org"),
        session(line_items=[{"price": "price_once", "quantity": 3}]),
        session(line_items=[line(unit_amount=50)]),
        session(line_items=[line(unit_amount=0), line(unit_amount=50)]),
        session(line_items=[line(unit_amount=GONE, unit_amount_decimal=Decimal("2400.5"))]),
        session(line_items=[line(unit_amount=99_999_999)]),
        session(ui_mode="embedded_page", success_url=GONE, return_url="https://shop.test"),
        session(payment_intent_data={"metadata": {"order": "1"}}),
        session(discounts=[{"coupon": "c"}]),
        session(allow_promotion_codes=True),
        session(line_items=[{"price": "price_unknown", "quantity": 1}]),
        monthly(),
        monthly(subscription_data={"billing_cycle_anchor_config": {"day_of_month": 31}}),
        session(mode="subscription", line_items=[{"price": "price_monthly", "quantity": 1}, line()]),
        session(mode="setup", line_items=GONE, currency="usd"),
    ],
)
def test_what_stripe_takes_passes(params: dict[str, Any]) -> None:
    check("checkout.sessions.create", params)


@pytest.mark.parametrize(
    ("params", "param", "code"),
    [
        (session(success_url=GONE), "success_url", "parameter_missing"),
        (session(mode=GONE), "mode", "parameter_missing"),
        (session(line_items=GONE), "line_items", "parameter_missing"),
        (session(line_items=[]), "line_items", "parameter_missing"),
        (session(mode="subscription", line_items=GONE), "line_items", "parameter_missing"),
        (session(ui_mode="elements", success_url=GONE), "return_url", "parameter_missing"),
        (session(ui_mode="elements", return_url="https://shop.test"), "success_url", None),
        (session(return_url="https://shop.test"), "return_url", None),
        (session(success_url="shop.test/done"), "success_url", "url_invalid"),
        (session(cancel_url="javascript:alert(1)"), "cancel_url", "url_invalid"),
        (session(customer="cus_1", customer_email="ada@example.org"), "customer", "parameters_exclusive"),
        (session(customer="cus_1", customer_creation="always"), "customer", "parameters_exclusive"),
        (session(customer_update={"name": "auto"}), "customer_update", None),
        (session(customer_email="ada"), "customer_email", "email_invalid"),
        (session(currency="USD"), "currency", None),
        (
            session(allow_promotion_codes=True, discounts=[{"coupon": "c"}]),
            "allow_promotion_codes",
            "parameters_exclusive",
        ),
        (session(discounts=[{"coupon": "a"}, {"coupon": "b"}]), "discounts", None),
        (session(discounts=[{"coupon": "a", "promotion_code": "b"}]), "discounts[0][coupon]", "parameters_exclusive"),
        (session(shipping_options=[{"shipping_rate": "shr_1"}] * 6), "shipping_options", None),
        (session(shipping_options=[{}]), "shipping_options[0][shipping_rate]", "parameter_missing"),
        (session(client_reference_id="x" * 201), "client_reference_id", None),
        (session(expires_at=NOW + 1799), "expires_at", None),
        (session(expires_at=NOW + 86_401), "expires_at", None),
        (session(expires_at=NOW - 1), "expires_at", None),
        (session(subscription_data={"metadata": {}}), "subscription_data", None),
        (session(mode="setup"), "line_items", None),
        (session(mode="setup", line_items=GONE), "currency", "parameter_missing"),
        (monthly(payment_intent_data={}), "payment_intent_data", None),
        (monthly(invoice_creation={"enabled": True}), "invoice_creation", None),
        (monthly(customer_creation="always"), "customer_creation", None),
        (
            monthly(subscription_data={"trial_end": NOW + 9, "trial_period_days": 3}),
            "subscription_data[trial_end]",
            "parameters_exclusive",
        ),
        (
            monthly(
                subscription_data={
                    "billing_cycle_anchor": NOW + 9,
                    "billing_cycle_anchor_config": {"day_of_month": 1},
                }
            ),
            "subscription_data[billing_cycle_anchor]",
            "parameters_exclusive",
        ),
        (monthly(subscription_data={"trial_end": NOW}), "subscription_data[trial_end]", None),
        (
            monthly(subscription_data={"billing_cycle_anchor_config": {"day_of_month": 32}}),
            "subscription_data[billing_cycle_anchor_config][day_of_month]",
            None,
        ),
    ],
)
def test_a_session_is_refused_as_a_whole(params: dict[str, Any], param: str, code: str | None) -> None:
    error = refusal("checkout.sessions.create", params)

    assert (error.param, error.code) == (param, code)


PRICE = "line_items[0][price_data]"


@pytest.mark.parametrize(
    ("item", "param", "code"),
    [
        ({"quantity": 1}, "line_items[0][price]", "parameter_missing"),
        (line() | {"price": "price_once"}, "line_items[0][price]", "parameters_exclusive"),
        ({"price": "price_once"}, "line_items[0][quantity]", "parameter_missing"),
        (line(quantity=0), "line_items[0][quantity]", "parameter_invalid_integer"),
        (line(unit_amount=GONE), f"{PRICE}[unit_amount]", "parameter_missing"),
        (line(unit_amount_decimal=Decimal(5)), f"{PRICE}[unit_amount]", "parameters_exclusive"),
        (line(unit_amount=-1), f"{PRICE}[unit_amount]", "parameter_invalid_integer"),
        (
            line(unit_amount=GONE, unit_amount_decimal=Decimal("-0.5")),
            f"{PRICE}[unit_amount_decimal]",
            "parameter_invalid_integer",
        ),
        (line(unit_amount=100_000_000), f"{PRICE}[unit_amount]", "amount_too_large"),
        (line(currency="USD"), f"{PRICE}[currency]", None),
        (line(currency="zzz"), f"{PRICE}[currency]", None),
        (line(product_data=GONE), f"{PRICE}[product]", "parameter_missing"),
        (line(product="prod_1"), f"{PRICE}[product]", "parameters_exclusive"),
        (
            line(recurring={"interval": "month", "interval_count": 0}),
            f"{PRICE}[recurring][interval_count]",
            "parameter_invalid_integer",
        ),
        (line(unit_amount=49), "line_items", "amount_too_small"),
        (line(unit_amount=0), "line_items", "amount_too_small"),
        (line(quantity=2, unit_amount=99_999_999), "line_items", "amount_too_large"),
        ({"price": "price_tiny", "quantity": 3}, "line_items", "amount_too_small"),
    ],
)
def test_a_line_is_refused(item: dict[str, Any], param: str, code: str | None) -> None:
    error = refusal("checkout.sessions.create", session(line_items=[item]))

    assert (error.param, error.code) == (param, code)


def test_a_total_counts_every_line_and_the_cheapest_shipping() -> None:
    dear, cheap = ({"shipping_rate_data": {"fixed_amount": {"amount": amount}}} for amount in (90, 30))
    small = [line(unit_amount=10), line(unit_amount=9)]

    check("checkout.sessions.create", session(line_items=[line(unit_amount=20)], shipping_options=[dear, cheap]))
    error = refusal("checkout.sessions.create", session(line_items=small, shipping_options=[dear, cheap]))

    assert error.code == "amount_too_small"
    assert error.message == "The Checkout Session's total amount due must add up to at least $0.50 usd"


def test_decimal_prices_are_rounded_once_a_line() -> None:
    check("checkout.sessions.create", session(line_items=[{"price": "price_tiny", "quantity": 4}]))


@pytest.mark.parametrize("item", [{"price": "price_monthly", "quantity": 1}, line(recurring={"interval": "month"})])
def test_payment_mode_refuses_a_recurring_price(item: dict[str, Any]) -> None:
    error = refusal("checkout.sessions.create", session(line_items=[line(), item]))

    assert error.message.startswith("You specified `payment` mode but passed a recurring price.")


@pytest.mark.parametrize("item", [{"price": "price_once", "quantity": 1}, line()])
def test_subscription_mode_needs_a_recurring_price(item: dict[str, Any]) -> None:
    error = refusal("checkout.sessions.create", session(mode="subscription", line_items=[item]))

    assert error.message.startswith("You must provide at least one recurring price in `subscription` mode")


def test_lines_are_of_one_currency() -> None:
    error = refusal("checkout.sessions.create", session(line_items=[line(), line(currency="eur")]))

    assert error.param == "line_items[1]"


@pytest.mark.parametrize(("mode", "count"), [("payment", 101), ("subscription", 21)])
def test_lines_are_counted(mode: str, count: int) -> None:
    item = line() if mode == "payment" else {"quantity": 1, "price_data": MONTHLY}

    check("checkout.sessions.create", session(mode=mode, line_items=[item] * (count - 1)))
    assert refusal("checkout.sessions.create", session(mode=mode, line_items=[item] * count)).param == "line_items"


@pytest.mark.parametrize(
    ("name", "params", "param"),
    [
        ("charges.list", {"limit": 0}, "limit"),
        ("charges.list", {"limit": 101}, "limit"),
        ("charges.list", {"starting_after": "ch_1", "ending_before": "ch_2"}, "starting_after"),
        ("events.list", {"limit": 101}, "limit"),
        ("events.list", {"type": "charge.*", "types": ["charge.failed"]}, "type"),
        ("events.list", {"types": ["charge.failed"] * 21}, "types"),
        ("invoice_payments.list", {"payment": {"type": "payment_intent"}}, "payment[payment_intent]"),
        ("customers.create", {"email": "ada"}, "email"),
        ("customers.update", {"email": "a b@example.org"}, "email"),
        (
            "products.create",
            {"name": "x", "default_price_data": {"currency": "usd"}},
            "default_price_data[unit_amount]",
        ),
        ("prices.create", {"currency": "usd", "unit_amount": 1}, "product"),
        ("prices.create", {"currency": "usd", "product": "prod_1"}, "unit_amount"),
        ("prices.create", {"currency": "us", "product": "prod_1", "unit_amount": 1}, "currency"),
        ("webhook_endpoints.create", {"url": "shop.test", "enabled_events": ["*"]}, "url"),
        ("webhook_endpoints.create", {"url": "http://shop.test", "enabled_events": []}, "enabled_events"),
        ("subscriptions.update", {"items": [{"price": "price_1", "price_data": MONTHLY}]}, "items[0][price]"),
        ("subscriptions.update", {"items": [{"id": "si_1", "quantity": -1}]}, "items[0][quantity]"),
        ("subscriptions.update", {"cancel_at": NOW + 9, "cancel_at_period_end": True}, "cancel_at"),
        ("subscriptions.update", {"cancel_at": NOW}, "cancel_at"),
        (
            "subscriptions.update",
            {"pause_collection": {"behavior": "void", "resumes_at": NOW}},
            "pause_collection[resumes_at]",
        ),
    ],
)
def test_other_endpoints_refuse(name: str, params: dict[str, Any], param: str) -> None:
    assert refusal(name, params).param == param


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("charges.list", {"limit": 100, "starting_after": "ch_1"}),
        ("events.list", {"types": ["charge.failed"] * 20}),
        ("invoice_payments.list", {"payment": {"type": "payment_intent", "payment_intent": "pi_1"}}),
        ("customers.create", {}),
        ("customers.update", {"email": "ada@example.org"}),
        ("prices.create", {"currency": "usd", "product": "prod_1", "unit_amount": 0}),
        ("products.create", {"name": "x"}),
        ("webhook_endpoints.create", {"url": "http://127.0.0.1:8000/hook", "enabled_events": ["*"]}),
        ("subscriptions.update", {"cancel_at": "", "cancel_at_period_end": True}),
        ("subscriptions.update", {"cancel_at": "min_period_end"}),
        ("subscriptions.update", {"pause_collection": "", "items": [{"id": "si_1", "price_data": MONTHLY}]}),
        ("balance.retrieve", {}),
    ],
)
def test_other_endpoints_take(name: str, params: dict[str, Any]) -> None:
    check(name, params)
