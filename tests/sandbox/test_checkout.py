"""Payment mode, driven by the real SDK: a session is made, paid at the page, refused, authenticated, expired."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import stripe

from tests.sandbox.conftest import Shop

PAID = [
    "payment_intent.created",
    "charge.succeeded",
    "payment_intent.succeeded",
    "checkout.session.completed",
]
HOME = {"line1": "4 Elm St", "city": "Kansas City", "state": "MO", "postal_code": "64111", "country": "US"}


def test_a_session_is_open_with_an_address_to_pay_at(shop: Shop) -> None:
    session = shop.session(metadata={"kind": "order", "order": "1042"}, client_reference_id="1042")

    assert session.status == "open"
    assert session.payment_status == "unpaid"
    assert session.url == f"{shop.box.url}/c/pay/{session.id}"
    assert (session.amount_total, session.currency) == (4200, "usd")
    assert session.expires_at == session.created + 86_400
    assert session.metadata["order"] == "1042"
    assert session.payment_intent is None
    assert "line_items" not in session
    assert shop.events() == []


def test_paying_makes_the_charge_before_the_buyer_returns(shop: Shop) -> None:
    session = shop.session(payment_intent_data={"metadata": {"order": "1042"}}, metadata={"kind": "order"})

    result = shop.pay(session.id)

    assert result.state == "succeeded"
    assert result.redirect_url == f"http://shop.test/done?s={session.id}"
    assert shop.events() == PAID
    done = shop.stripe.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["line_items", "payment_intent.latest_charge"]}
    )
    assert (done.status, done.payment_status, done.url) == ("complete", "paid", None)
    assert done.line_items.data[0].amount_total == 4200
    assert done.line_items.data[0].description == "2 × Valor, Dark"
    intent = done.payment_intent
    assert (intent.status, intent.amount_received) == ("succeeded", 4200)
    assert intent.metadata.to_dict() == {"order": "1042"}
    charge = intent.latest_charge
    assert (charge.amount, charge.paid, charge.balance_transaction) == (4200, True, None)
    assert charge.metadata.to_dict() == {"order": "1042"}, "the intent's metadata reaches the charge"
    assert done.customer is None, "a guest stays a guest"
    assert (done.customer_details.email, done.customer_details.name) == ("ada@example.org", "Ada Byron")


def test_session_metadata_stays_on_the_session(shop: Shop) -> None:
    session = shop.bought(metadata={"kind": "order"})

    intent = shop.stripe.v1.payment_intents.retrieve(session.payment_intent)
    assert intent.metadata.to_dict() == {}


def test_a_decline_leaves_the_session_open_for_another_card(shop: Shop) -> None:
    session = shop.session()

    refused = shop.pay(session.id, "4000000000009995")

    assert (refused.state, refused.message) == ("declined", "Your card has insufficient funds.")
    assert shop.events() == ["payment_intent.created", "charge.failed", "payment_intent.payment_failed"]
    still = shop.stripe.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    assert (still.status, still.payment_status) == ("open", "unpaid")
    assert still.payment_intent.status == "requires_payment_method"
    assert still.payment_intent.last_payment_error.decline_code == "insufficient_funds"
    assert still.payment_intent.latest_charge.status == "failed"

    assert shop.pay(session.id).state == "succeeded"
    intents = shop.stripe.v1.payment_intents.list().data
    assert [(intent.status, intent.last_payment_error) for intent in intents] == [("succeeded", None)]
    assert [charge.paid for charge in shop.stripe.v1.charges.list().data] == [True, False]


def test_a_wrong_number_never_reaches_the_bank(shop: Shop) -> None:
    session = shop.session()

    result = shop.pay(session.id, "4242424242424241")

    assert (result.state, result.message) == ("declined", "Your card number is incorrect.")
    assert shop.events() == []


def test_a_real_card_is_refused_and_never_kept(shop: Shop) -> None:
    session = shop.session()

    result = shop.pay(session.id, "4539578763621486")

    assert result.state == "declined"
    assert "test mode" in str(result.message)
    assert "4539578763621486" not in str(shop.box.ctx.store.to_json())


def test_three_d_secure_pays_only_once_approved(shop: Shop) -> None:
    session = shop.session()

    asked = shop.pay(session.id, "4000000000003220")

    assert asked.state == "requires_action"
    intent = shop.stripe.v1.payment_intents.list().data[0]
    assert (intent.status, intent.next_action.type) == ("requires_action", "redirect_to_url")
    assert shop.events() == ["payment_intent.created", "payment_intent.requires_action"]

    done = shop.box.ctx.engine.complete_action(str(asked.action_id), approve=True)
    assert done.state == "succeeded"
    assert shop.events()[2:] == PAID[1:]
    again = shop.box.ctx.engine.complete_action(str(asked.action_id), approve=True)
    assert again == done, "pressing twice changes nothing"
    assert len(shop.stripe.v1.charges.list().data) == 1


def test_three_d_secure_refused_charges_nothing(shop: Shop) -> None:
    session = shop.session()
    asked = shop.pay(session.id, "4000000000003220")

    refused = shop.box.ctx.engine.complete_action(str(asked.action_id), approve=False)

    assert refused.state == "declined"
    intent = shop.stripe.v1.payment_intents.list().data[0]
    assert intent.last_payment_error.code == "payment_intent_authentication_failure"
    assert shop.stripe.v1.charges.list().data == []
    late = shop.box.ctx.engine.complete_action(str(asked.action_id), approve=True)
    assert late.state == "declined", "an answer counts once"


def test_paying_twice_at_once_charges_once(shop: Shop) -> None:
    session = shop.session()
    results: list[Any] = []
    threads = [threading.Thread(target=lambda: results.append(shop.pay(session.id))) for _ in range(6)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {result.state for result in results} == {"succeeded"}
    assert len(shop.stripe.v1.charges.list().data) == 1


def test_shipping_is_collected_and_charged(shop: Shop) -> None:
    option = {"shipping_rate_data": {"display_name": "Post", "fixed_amount": {"amount": 500, "currency": "usd"}}}
    session = shop.session(shipping_address_collection={"allowed_countries": ["US"]}, shipping_options=[option])
    assert (session.amount_subtotal, session.amount_total) == (4200, 4700)

    assert shop.pay(session.id).message == "Please enter the address to ship to."
    abroad = shop.pay(session.id, shipping={"name": "Ada", "address": HOME | {"country": "GB"}})
    assert abroad.message == "This shop does not ship to that country."
    assert shop.events() == []
    assert shop.pay(session.id, shipping={"name": "Ada", "address": HOME}).state == "succeeded"

    done = shop.stripe.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert done.total_details.amount_shipping == 500
    assert done.shipping_cost.amount_total == 500
    assert done.collected_information.shipping_details.address.line1 == "4 Elm St"
    assert done.payment_intent.amount == 4700
    assert done.payment_intent.shipping.name == "Ada"
    rate = shop.stripe.v1.shipping_rates.retrieve(done.shipping_cost.shipping_rate)
    assert rate.fixed_amount.amount == 500


def test_a_customer_is_made_only_when_asked_for(shop: Shop) -> None:
    made = shop.bought(customer_creation="always")

    customer = shop.stripe.v1.customers.retrieve(made.customer)
    assert customer.email == "ada@example.org"
    charge = shop.stripe.v1.charges.list({"customer": customer.id}).data[0]
    assert charge.payment_intent == made.payment_intent


def test_the_customers_own_address_wins_over_what_is_typed(shop: Shop) -> None:
    customer = shop.stripe.v1.customers.create({"email": "known@example.org"})

    session = shop.bought(customer=customer.id)

    assert session.customer_details.email == "known@example.org"
    assert shop.stripe.v1.customers.retrieve(customer.id).name is None, "never edited without customer_update"


def test_expiring_closes_the_session_and_its_intent(shop: Shop) -> None:
    session = shop.session()
    shop.pay(session.id, "4000000000000002")

    expired = shop.stripe.v1.checkout.sessions.expire(session.id)

    assert (expired.status, expired.url) == ("expired", None)
    assert shop.events()[-2:] == ["payment_intent.canceled", "checkout.session.expired"]
    assert shop.pay(session.id).state == "declined"
    with pytest.raises(stripe.InvalidRequestError, match=r'status in \["open"\]'):
        shop.stripe.v1.checkout.sessions.expire(session.id)


def test_a_session_expires_by_the_clock_and_not_before(shop: Shop) -> None:
    session = shop.session(expires_at=shop.box.ctx.now() + 1_800 + 5)

    shop.advance(hours=0.4)
    assert shop.stripe.v1.checkout.sessions.retrieve(session.id).status == "open"
    shop.advance(hours=0.2)

    assert shop.stripe.v1.checkout.sessions.retrieve(session.id).status == "expired"
    assert shop.events() == ["checkout.session.expired"]


def test_a_paid_session_does_not_expire(shop: Shop) -> None:
    session = shop.bought()

    shop.advance(days=2)

    assert shop.stripe.v1.checkout.sessions.retrieve(session.id).status == "complete"
    assert "checkout.session.expired" not in shop.events()


def test_stored_prices_are_sold_too(shop: Shop) -> None:
    product = shop.stripe.v1.products.create({"name": "Valor", "id": "valor"})
    price = shop.stripe.v1.prices.create({"product": product.id, "currency": "usd", "unit_amount_decimal": "1250.5"})

    session = shop.session(line_items=[{"price": price.id, "quantity": 3}])

    assert session.amount_total == 3752, "3 x 12.505 is 37.515, half up to the cent"
    lines = shop.stripe.v1.checkout.sessions.line_items.list(session.id, {"expand": ["data.price.product"]})
    assert lines.data[0].price.product.name == "Valor"
    shop.stripe.v1.prices.update(price.id, {"active": False})
    with pytest.raises(stripe.InvalidRequestError, match="inactive"):
        shop.session(line_items=[{"price": price.id, "quantity": 3}])


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"automatic_tax": {"enabled": True, "liability": {"type": "self"}}}, "liability"),
        ({"payment_intent_data": {"capture_method": "manual"}}, "capture_method: manual"),
        ({"discounts": [{"coupon": "c"}]}, "discounts"),
    ],
)
def test_what_is_not_simulated_is_refused_instead_of_ignored(shop: Shop, params: Any, param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        shop.session(**params)

    assert (refusal.value.code, refusal.value.param) == ("sandbox_unsupported", param)
