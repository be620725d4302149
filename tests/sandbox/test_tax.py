"""Automatic tax by state, and shipping that the payer chooses: the totals that a page shows and a bank is asked for."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests
import stripe

from tests.sandbox.conftest import VISA, Shop

TAXED: Any = {"automatic_tax": {"enabled": True}}
RATES = {"MO": {"percent": "8.475", "shipping": False}, "KS": {"percent": "6.5", "shipping": True}}
SHIPPED: Any = {"shipping_address_collection": {"allowed_countries": ["US", "CA"]}}


@pytest.fixture
def shop(shop: Shop) -> Shop:
    assert shop.door("settings", {"tax_rates": RATES})["status"] == 200
    return shop


def line(amount_minor: int, quantity: int = 1, tax_behavior: str = "exclusive", **product: Any) -> Any:
    data = {"currency": "usd", "unit_amount": amount_minor, "tax_behavior": tax_behavior}
    return {"quantity": quantity, "price_data": data | {"product_data": {"name": "Valor", **product}}}


def post(amount_minor: int, name: str = "Post", **rate: Any) -> Any:
    amount = {"amount": amount_minor, "currency": "usd"}
    return {"shipping_rate_data": {"display_name": name, "fixed_amount": amount, **rate}}


def to(state: str, country: str = "US") -> dict[str, Any]:
    address = {"line1": "4 Elm St", "city": "Town", "state": state, "postal_code": "64111", "country": country}
    return {"name": "Ada", "address": address}


def read(shop: Shop, session: stripe.checkout.Session) -> stripe.checkout.Session:
    return shop.stripe.v1.checkout.sessions.retrieve(session.id, {"expand": ["line_items.data.taxes"]})


def totals(session: stripe.checkout.Session) -> tuple[Any, ...]:
    details = session.total_details
    assert details is not None
    return session.amount_subtotal, details.amount_shipping, details.amount_tax, session.amount_total


def test_before_the_address_there_is_no_tax(shop: Shop) -> None:
    session = shop.session(**TAXED, **SHIPPED, shipping_options=[post(500)])

    assert session.automatic_tax.status == "requires_location_inputs"
    assert totals(session) == (4200, 500, 0, 4700)


def test_tax_is_taken_per_line_and_paid(shop: Shop) -> None:
    lines = [line(2400), line(1000, 3)]
    session = shop.session(line_items=lines, **TAXED, **SHIPPED, shipping_options=[post(500)])

    shop.pay(session.id, shipping=to("MO"))

    done = read(shop, session)
    assert done.automatic_tax.status == "complete"
    assert [(item.amount_tax, item.amount_total) for item in done.line_items.data] == [(203, 2603), (254, 3254)]
    assert totals(done) == (5400, 500, 457, 6357)
    assert shop.stripe.v1.charges.list().data[0].amount == 6357
    (tax,) = done.line_items.data[0].taxes
    assert (tax.amount, tax.rate.percentage, tax.rate.state) == (203, 8.475, "MO")
    assert (tax.taxable_amount, tax.taxability_reason) == (2400, "standard_rated")


@pytest.mark.parametrize(
    ("state", "country", "expected"),
    [
        ("KS", "US", (4200, 500, 273 + 33, 5006)),
        ("ks", "US", (4200, 500, 273 + 33, 5006)),
        ("OR", "US", (4200, 500, 0, 4700)),
        ("ON", "CA", (4200, 500, 0, 4700)),
    ],
)
def test_where_shipping_is_taxed_and_where_nothing_is(
    shop: Shop, state: str, country: str, expected: tuple[int, ...]
) -> None:
    session = shop.session(**TAXED, **SHIPPED, shipping_options=[post(500)])

    shop.pay(session.id, shipping=to(state, country))

    done = read(shop, session)
    assert totals(done) == expected
    assert done.shipping_cost is not None
    assert done.shipping_cost.amount_total == 500 + done.shipping_cost.amount_tax


def test_tax_within_the_price(shop: Shop) -> None:
    session = shop.session(line_items=[line(10650, tax_behavior="inclusive")], **TAXED, **SHIPPED)

    shop.pay(session.id, shipping=to("KS"))

    assert totals(read(shop, session)) == (10650, 0, 650, 10650)


def test_a_gift_among_the_lines_is_not_taxed(shop: Shop) -> None:
    lines = [line(2000), line(5000, tax_code="txcd_90000001")]
    session = shop.session(line_items=lines, **TAXED, **SHIPPED)

    shop.pay(session.id, shipping=to("KS"))

    goods, gift = read(shop, session).line_items.data
    assert (goods.amount_tax, gift.amount_tax) == (130, 0)
    assert gift.taxes[0].taxability_reason == "product_exempt"


def test_a_customer_who_is_exempt(shop: Shop) -> None:
    church = shop.stripe.v1.customers.create({"email": "a@example.org", "tax_exempt": "exempt"})
    params: Any = {"customer": church.id, "customer_update": {"shipping": "auto"}}
    session = shop.session(**TAXED, **SHIPPED, **params)

    shop.pay(session.id, shipping=to("MO"))

    assert totals(read(shop, session))[2] == 0


def test_a_customer_on_file_is_located_from_the_start(shop: Shop) -> None:
    home: Any = to("KS")["address"]
    ada = shop.stripe.v1.customers.create({"email": "a@example.org", "address": home})

    session = shop.session(**TAXED, customer=ada.id)

    assert session.automatic_tax.status == "complete"
    assert totals(session) == (4200, 0, 273, 4473)


def test_a_customer_without_an_address_is_refused_unless_it_is_asked_for(shop: Shop) -> None:
    ada = shop.stripe.v1.customers.create({"email": "a@example.org"})

    with pytest.raises(stripe.InvalidRequestError, match="requires a valid address") as failure:
        shop.session(**TAXED, customer=ada.id)
    session = shop.session(**TAXED, customer=ada.id, customer_update={"address": "auto"})
    shop.pay(session.id, state="MO")

    assert failure.value.code == "customer_tax_location_invalid"
    assert shop.stripe.v1.customers.retrieve(ada.id).address.state == "MO"


def test_without_automatic_tax_nothing_is_taxed(shop: Shop) -> None:
    session = shop.session(**SHIPPED)

    shop.pay(session.id, shipping=to("MO"))

    assert totals(read(shop, session)) == (4200, 0, 0, 4200)


def test_another_address_after_a_refusal_changes_what_is_asked_for(shop: Shop) -> None:
    session = shop.session(**TAXED, **SHIPPED)
    shop.pay(session.id, "4000000000000002", shipping=to("MO"))

    shop.pay(session.id, shipping=to("KS"))

    intent = shop.stripe.v1.payment_intents.retrieve(str(read(shop, session).payment_intent))
    assert (intent.amount, intent.amount_received) == (4473, 4473)


def test_the_page_shows_a_changed_total_before_it_charges(shop: Shop) -> None:
    session = shop.session(**TAXED, shipping_options=[post(500), post(1500, "Express")], **SHIPPED)
    url = str(session.url)
    page = requests.get(url, timeout=10).text
    express = re.findall(r'name="shipping_rate" value="(shr_\w+)"', page)[1]
    typed = {
        "amount_shown": "4700",
        "card_number": VISA,
        "cvc": "123",
        "email": "ada@example.org",
        "exp": "12/34",
        "shipping_rate": express,
        **{f"shipping_{name}": value for name, value in to("KS")["address"].items()},
        "shipping_name": "Ada",
    }

    asked = requests.post(url, data=typed, timeout=10)
    again = re.findall(r'name="amount_shown" value="(\d+)"', asked.text)
    paid = requests.post(url, data=typed | {"amount_shown": again[0]}, timeout=10, allow_redirects=False)

    assert (asked.status_code, again) == (409, ["6071"])
    assert "The total is another one" in asked.text
    assert paid.status_code == 303
    assert totals(read(shop, session)) == (4200, 1500, 273 + 98, 6071)


def test_the_page_asks_for_the_state_of_what_is_not_shipped(shop: Shop) -> None:
    session = shop.session(**TAXED)
    typed = {"card_number": VISA, "cvc": "123", "email": "ada@example.org", "exp": "12/34"}

    missing = requests.post(str(session.url), data=typed, timeout=10)
    paid = requests.post(str(session.url), data=typed | {"state": "MO"}, timeout=10, allow_redirects=False)

    assert (missing.status_code, paid.status_code) == (400, 303)
    assert "Enter your state" in missing.text
    assert totals(read(shop, session)) == (4200, 0, 356, 4556)


def test_an_engine_that_is_told_no_state_charges_nothing(shop: Shop) -> None:
    session = shop.session(**TAXED)

    result = shop.pay(session.id)

    assert (result.state, result.message) == ("declined", "Please enter the state, so that tax can be worked out.")


@pytest.mark.parametrize(
    "rates",
    [
        {"Missouri": {"percent": "8", "shipping": True}},
        {"MO": {"percent": 8.475, "shipping": True}},
        {"MO": {"percent": "-1", "shipping": True}},
        {"MO": {"percent": "8"}},
        {"MO": "8"},
        [],
    ],
)
def test_a_table_that_is_wrong_is_refused(shop: Shop, rates: Any) -> None:
    assert shop.door("settings", {"tax_rates": rates})["status"] == 400
    assert requests.get(f"{shop.box.url}/_sandbox/settings", timeout=10).json()["tax_rates"] == RATES


def test_tax_in_subscription_mode_is_not_simulated(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="does not simulate"):
        shop.monthly(**TAXED)
