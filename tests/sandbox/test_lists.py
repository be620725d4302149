"""Lists are paged, filtered and expanded as Stripe does it."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.sandbox.conftest import Shop


@pytest.fixture
def seven(shop: Shop) -> list[str]:
    """Ids of seven customers, newest first."""
    made = [shop.stripe.v1.customers.create({"email": f"c{number}@example.org"}).id for number in range(7)]
    return made[::-1]


def page(shop: Shop, **params: Any) -> tuple[list[str], bool]:
    found = shop.stripe.v1.customers.list(params)
    return [entry.id for entry in found.data], found.has_more


def test_newest_first_ten_at_a_time(shop: Shop, seven: list[str]) -> None:
    assert page(shop) == (seven, False)
    assert page(shop, limit=3) == (seven[:3], True)
    assert page(shop, limit=7) == (seven, False)


def test_cursors_in_both_directions(shop: Shop, seven: list[str]) -> None:
    assert page(shop, limit=3, starting_after=seven[2]) == (seven[3:6], True)
    assert page(shop, limit=3, starting_after=seven[5]) == (seven[6:], False)
    assert page(shop, limit=2, ending_before=seven[4]) == (seven[2:4], True)
    assert page(shop, limit=3, ending_before=seven[2]) == (seven[:2], False)
    with pytest.raises(stripe.InvalidRequestError, match="No such customer: 'cus_none'"):
        page(shop, starting_after="cus_none")


def test_auto_paging_sees_everything_once(shop: Shop, seven: list[str]) -> None:
    assert [entry.id for entry in shop.stripe.v1.customers.list({"limit": 2}).auto_paging_iter()] == seven


def test_created_filters(shop: Shop, seven: list[str]) -> None:
    moment = shop.box.ctx.now() + 86_400
    shop.advance(days=2)
    late = shop.stripe.v1.customers.create({"email": "late@example.org"})

    assert page(shop, created={"gt": moment}) == ([late.id], False)
    assert page(shop, created={"lte": moment}) == (seven, False)
    assert page(shop, created={"gte": late.created, "lt": late.created + 1}) == ([late.id], False)
    assert page(shop, created=late.created) == ([late.id], False)
    assert page(shop, email="c3@example.org") == ([seven[3]], False)


def test_balance_transactions_by_source_and_type(shop: Shop) -> None:
    shop.bought()
    shop.bought()
    shop.door("settle")
    charge = shop.stripe.v1.charges.list().data[0]
    transactions = shop.stripe.v1.balance_transactions

    assert [entry.source for entry in transactions.list({"source": charge.id}).data] == [charge.id]
    assert len(transactions.list({"type": "charge", "currency": "usd"}).data) == 2
    assert transactions.list({"type": "refund"}).data == []
    with pytest.raises(stripe.InvalidRequestError, match="No such payout: 'po_none'"):
        transactions.list({"payout": "po_none"})


def test_expanding_down_four_levels(shop: Shop) -> None:
    session = shop.bought()
    shop.door("settle")
    path = "payment_intent.latest_charge.balance_transaction.source"

    deep = shop.stripe.v1.checkout.sessions.retrieve(session.id, {"expand": [path, "line_items.data.price.product"]})

    assert deep.payment_intent.latest_charge.balance_transaction.source.object == "charge"
    assert deep.line_items.data[0].price.product.name == "2 × Valor, Dark"
    with pytest.raises(stripe.InvalidRequestError, match="more than 4 levels"):
        shop.stripe.v1.checkout.sessions.retrieve(session.id, {"expand": [f"{path}.customer"]})


def test_expanding_in_lists(shop: Shop) -> None:
    shop.subscribed()

    found = shop.stripe.v1.subscriptions.list({"expand": ["data.customer", "data.latest_invoice.payments"]})

    assert found.data[0].customer.email == "ada@example.org"
    assert found.data[0].latest_invoice.payments.data[0].status == "paid"
    plain = shop.stripe.v1.subscriptions.list().data[0]
    assert isinstance(plain.customer, str)


def test_the_first_payments_secret_on_request(shop: Shop) -> None:
    subscription = shop.subscribed()

    found = shop.stripe.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice.confirmation_secret"]})

    intent = shop.stripe.v1.payment_intents.list().data[0]
    assert found.latest_invoice.confirmation_secret.client_secret == intent.client_secret


@pytest.mark.parametrize("path", ["amount_total", "nonsense", "customer_details", "line_items.data.nonsense"])
def test_what_cannot_be_expanded_is_refused(shop: Shop, path: str) -> None:
    session = shop.bought()

    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        shop.stripe.v1.checkout.sessions.retrieve(session.id, {"expand": [path]})


def test_expanding_nothing_is_fine(shop: Shop) -> None:
    session = shop.session()

    found = shop.stripe.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent", "customer"]})

    assert (found.payment_intent, found.customer) == (None, None)


def test_a_refused_expand_changes_nothing(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        shop.stripe.v1.customers.create({"email": "a@example.org", "expand": ["nonsense"]})

    assert shop.stripe.v1.customers.list().data == []


def test_products_and_prices(shop: Shop) -> None:
    product = shop.stripe.v1.products.create({"name": "Valor", "metadata": {"design": "valor"}})
    price = shop.stripe.v1.prices.create(
        {"product": product.id, "currency": "usd", "unit_amount": 2400, "lookup_key": "valor"}
    )

    assert shop.stripe.v1.products.update(product.id, {"description": "Earrings"}).description == "Earrings"
    assert shop.stripe.v1.products.update(product.id, {"description": ""}).description is None
    assert [entry.id for entry in shop.stripe.v1.prices.list({"lookup_keys": ["valor"]}).data] == [price.id]
    assert shop.stripe.v1.prices.list({"product": "prod_none"}).data == []
    with pytest.raises(stripe.InvalidRequestError, match="already uses that lookup key"):
        shop.stripe.v1.prices.create(
            {"product": product.id, "currency": "usd", "unit_amount": 1, "lookup_key": "valor"}
        )
