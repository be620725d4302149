"""Cards kept for later: Checkout in setup mode, attaching, detaching, and whose default a card is."""

from __future__ import annotations

from typing import Any

import pytest
import requests
import stripe

from tests.sandbox.conftest import VISA, Shop

BAD, REFUSED = "4000000000000341", "4000000000000002"


def customer(shop: Shop) -> str:
    return shop.stripe.v1.customers.create({"email": "ada@example.org"}).id


def default(shop: Shop, customer_id: str) -> Any:
    return shop.stripe.v1.customers.retrieve(customer_id).invoice_settings.default_payment_method


def test_a_session_in_setup_mode_asks_for_no_money(shop: Shop) -> None:
    session = shop.setup(setup_intent_data={"metadata": {"pledge": "7"}})

    intent = shop.stripe.v1.setup_intents.retrieve(str(session.setup_intent))
    assert (session.amount_total, session.payment_intent, session.payment_status) == (None, None, "no_payment_required")
    assert (intent.status, intent.usage, intent.metadata["pledge"]) == ("requires_payment_method", "off_session", "7")
    assert shop.stripe.v1.checkout.sessions.line_items.list(session.id).data == []


def test_the_card_is_kept_for_the_customer(shop: Shop) -> None:
    ada = customer(shop)
    session = shop.setup(customer=ada)
    before = len(shop.events())

    assert shop.pay(session.id).state == "succeeded"

    done = shop.stripe.v1.checkout.sessions.retrieve(session.id, {"expand": ["setup_intent.payment_method"]})
    assert (done.status, done.customer, done.setup_intent.status) == ("complete", ada, "succeeded")
    assert done.setup_intent.payment_method.customer == ada
    assert shop.events_since(before) == [
        "payment_method.attached",
        "setup_intent.succeeded",
        "checkout.session.completed",
    ]
    assert shop.stripe.v1.charges.list().data == []
    assert default(shop, ada) is None, "a saved card is nobody's default until that is said"
    assert len(shop.stripe.v1.payment_methods.list({"customer": ada}).data) == 1
    assert len(shop.stripe.v1.customers.payment_methods.list(ada).data) == 1


def test_a_refused_card_is_not_kept(shop: Shop) -> None:
    ada = customer(shop)
    session = shop.setup(customer=ada)

    assert shop.pay(session.id, REFUSED).state == "declined"

    intent = shop.stripe.v1.setup_intents.retrieve(str(session.setup_intent))
    assert (intent.status, intent.last_setup_error.code) == ("requires_payment_method", "card_declined")
    assert shop.events()[-1] == "setup_intent.setup_failed"
    assert shop.stripe.v1.payment_methods.list({"customer": ada}).data == []
    assert shop.pay(session.id).state == "succeeded", "another card may be tried"


@pytest.mark.parametrize(("approve", "status"), [(True, "succeeded"), (False, "requires_payment_method")])
def test_a_card_that_asks_for_authentication(shop: Shop, approve: bool, status: str) -> None:
    session = shop.setup(customer=customer(shop))
    asked = shop.pay(session.id, "4000002500003155")
    assert asked.state == "requires_action"
    assert shop.events()[-1] == "setup_intent.requires_action"

    shop.box.ctx.engine.complete_action(str(asked.action_id), approve)

    assert shop.stripe.v1.setup_intents.retrieve(str(session.setup_intent)).status == status


def test_an_expired_session_cancels_its_intent(shop: Shop) -> None:
    session = shop.setup()

    shop.stripe.v1.checkout.sessions.expire(session.id)

    assert shop.stripe.v1.setup_intents.retrieve(str(session.setup_intent)).status == "canceled"
    assert shop.events()[-2:] == ["setup_intent.canceled", "checkout.session.expired"]


def test_a_new_card_heals_dunning_only_where_it_is_the_default(shop: Shop) -> None:
    subscription = shop.subscribed(BAD)
    shop.advance(days=32)
    assert shop.stripe.v1.subscriptions.retrieve(subscription.id).status == "past_due"
    session = shop.setup(customer=subscription.customer)
    shop.pay(session.id, VISA)
    intent = shop.stripe.v1.setup_intents.retrieve(str(session.setup_intent))
    new = str(intent.payment_method)
    invoice = shop.stripe.v1.invoices.list({"status": "open"}).data[0]

    shop.stripe.v1.customers.update(str(subscription.customer), {"invoice_settings": {"default_payment_method": new}})
    with pytest.raises(stripe.CardError):
        shop.stripe.v1.invoices.pay(invoice.id)
    shop.stripe.v1.subscriptions.update(subscription.id, {"default_payment_method": new})
    paid = shop.stripe.v1.invoices.pay(invoice.id)

    assert paid.status == "paid"
    assert shop.stripe.v1.subscriptions.retrieve(subscription.id).status == "active"


def test_attaching_and_detaching(shop: Shop) -> None:
    ada, bob = customer(shop), customer(shop)
    card = shop.stripe.v1.payment_methods.attach("pm_card_visa", {"customer": ada})
    assert (card.customer, shop.events()[-1]) == (ada, "payment_method.attached")
    shop.stripe.v1.customers.update(ada, {"invoice_settings": {"default_payment_method": card.id}})
    with pytest.raises(stripe.InvalidRequestError, match="already been attached"):
        shop.stripe.v1.payment_methods.attach(card.id, {"customer": bob})

    gone = shop.stripe.v1.payment_methods.detach(card.id)

    assert (gone.customer, default(shop, ada)) == (None, None)
    assert shop.events()[-2:] == ["customer.updated", "payment_method.detached"]
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        shop.stripe.v1.payment_methods.attach(card.id, {"customer": ada})
    with pytest.raises(stripe.InvalidRequestError, match="not attached"):
        shop.stripe.v1.payment_methods.detach(card.id)


def test_a_detached_card_is_no_subscriptions_default(shop: Shop) -> None:
    subscription = shop.subscribed()

    shop.stripe.v1.payment_methods.detach(str(subscription.default_payment_method))

    assert shop.stripe.v1.subscriptions.retrieve(subscription.id).default_payment_method is None


def test_a_card_that_paid_for_nobody_cannot_be_kept_later(shop: Shop) -> None:
    shop.bought()
    charge = shop.stripe.v1.charges.list().data[0]

    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        shop.stripe.v1.payment_methods.attach(str(charge.payment_method), {"customer": customer(shop)})


def test_what_setup_mode_refuses(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="setup"):
        shop.setup(line_items=[{"price": "price_1", "quantity": 1}])
    with pytest.raises(stripe.InvalidRequestError, match="currency"):
        shop.stripe.v1.checkout.sessions.create({"mode": "setup", "success_url": "http://shop.test/"})
    with pytest.raises(stripe.InvalidRequestError, match="customer"):
        shop.stripe.v1.payment_methods.attach("pm_card_visa", {})


def test_the_page_saves_a_card_without_javascript(shop: Shop) -> None:
    session = shop.setup(customer=customer(shop))
    url = str(session.url)
    assert "Nothing is charged now" in requests.get(url, timeout=10).text

    typed = {"card_number": REFUSED, "exp": "12/34", "cvc": "123"}
    refused = requests.post(url, data=typed, timeout=10)
    saved = requests.post(url, data=typed | {"card_number": VISA}, timeout=10, allow_redirects=False)

    assert (refused.status_code, saved.status_code) == (402, 303)
    assert "Your card was not saved." in refused.text
    assert "Your card is saved" in requests.get(url, timeout=10).text
