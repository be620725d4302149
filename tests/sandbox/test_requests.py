"""The door of the API: keys, version, addresses, and refusals in Stripe's shape, seen through the real SDK."""

from __future__ import annotations

from typing import Any

import pytest
import requests
import stripe

from sandbox.endpoints import ENDPOINTS, OBJECT_NAMES
from tests.sandbox.conftest import Shop


def client(shop: Shop, key: str = "sk_test_shop", **options: Any) -> stripe.StripeClient:
    return stripe.StripeClient(key, base_addresses={"api": shop.box.url}, **options)


@pytest.mark.parametrize("key", ["sk_live_51abcdefghijkl", "pk_test_1", "rk_test_1", "sk_test_"])
def test_only_test_keys_are_accepted(shop: Shop, key: str) -> None:
    with pytest.raises(stripe.AuthenticationError) as refusal:
        client(shop, key).v1.customers.list()

    assert "sk_live_51abcdefghijkl" not in str(refusal.value), "a key is never shown whole"


def test_no_key_at_all(shop: Shop) -> None:
    answer = requests.get(f"{shop.box.url}/v1/customers", timeout=5)

    assert answer.status_code == 401
    assert answer.json()["error"]["message"].startswith("You did not provide an API key")


def test_basic_authentication_works_as_with_curl(shop: Shop) -> None:
    assert requests.get(f"{shop.box.url}/v1/customers", auth=("sk_test_shop", ""), timeout=5).status_code == 200


def test_another_version_is_refused(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=r"2026-10-28\.endive"):
        client(shop, stripe_version="2024-06-20").v1.customers.list()


def test_every_answer_names_its_request(shop: Shop) -> None:
    customer = shop.stripe.v1.customers.create({"email": "a@example.org"})
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        shop.stripe.v1.customers.retrieve("cus_none")

    assert customer.last_response.request_id.startswith("req_")
    assert str(refusal.value.request_id).startswith("req_")


def test_missing_objects(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        shop.stripe.v1.checkout.sessions.retrieve("cs_test_none")

    error = refusal.value
    assert (error.http_status, error.code, error.param) == (404, "resource_missing", "session")
    assert error.user_message == "No such checkout.session: 'cs_test_none'"


@pytest.mark.parametrize("path", ["issuing/cards", "customers/cus_1/nonsense", "checkout"])
def test_unknown_addresses(shop: Shop, path: str) -> None:
    answer = requests.get(f"{shop.box.url}/v1/{path}", headers={"Authorization": "Bearer sk_test_shop"}, timeout=5)

    assert answer.status_code == 404
    assert answer.json()["error"]["message"].startswith(f"Unrecognized request URL (GET: /v1/{path})")


@pytest.mark.parametrize(
    ("change", "param", "code"),
    [
        ({"payment_method_types": ["card"]}, "payment_method_types", "payment_method_types_no_longer_supported"),
        ({"sucess_url": "http://shop.test"}, "sucess_url", "parameter_unknown"),
        ({"success_url": None}, "success_url", "parameter_missing"),
        ({"line_items": None}, "line_items", "parameter_missing"),
        ({"mode": None}, "mode", "parameter_missing"),
        ({"ui_mode": "hosted"}, "ui_mode", None),
        ({"customer": "cus_none"}, "customer", "resource_missing"),
        ({"idempotency_key": "in-the-wrong-place"}, "idempotency_key", "parameter_unknown"),
        ({"customer": "cus_1", "customer_email": "a@example.org"}, "customer", "parameters_exclusive"),
    ],
)
def test_sessions_that_stripe_refuses(shop: Shop, change: Any, param: str, code: str | None) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        shop.session(**change)

    assert (refusal.value.param, refusal.value.code) == (param, code)
    assert shop.box.ctx.store.is_empty(), "a refusal leaves nothing behind"


@pytest.mark.parametrize("amount", ["24.00", "abc", ""])
def test_amounts_that_are_not_integers(shop: Shop, amount: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        shop.session(amount_minor=amount)  # type: ignore[arg-type]

    assert refusal.value.param == "line_items[0][price_data][unit_amount]"
    assert shop.box.ctx.store.is_empty()


def test_metadata_given_as_text_is_refused(shop: Shop) -> None:
    customer = shop.stripe.v1.customers.create({"email": "a@example.org", "metadata": {"a": "1", "b": "2"}})

    assert shop.stripe.v1.customers.update(customer.id, {"metadata": {"a": ""}}).metadata.to_dict() == {"b": "2"}
    assert shop.stripe.v1.customers.update(customer.id, {"metadata": ""}).metadata.to_dict() == {}
    with pytest.raises(stripe.InvalidRequestError):
        shop.stripe.v1.customers.update(customer.id, {"metadata": "x"})  # type: ignore[typeddict-item]


def test_a_body_that_is_not_text_is_refused(shop: Shop) -> None:
    headers = {"Authorization": "Bearer sk_test_shop"}

    answer = requests.post(f"{shop.box.url}/v1/customers", data=b"email=%ff%fe", headers=headers, timeout=5)

    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")


def test_every_endpoint_knows_what_it_answers() -> None:
    assert {endpoint.name.rpartition(".")[0] for endpoint in ENDPOINTS} == set(OBJECT_NAMES)
    assert len({(endpoint.method, endpoint.path) for endpoint in ENDPOINTS}) == len(ENDPOINTS)


def test_customers_default_card_must_be_their_own(shop: Shop) -> None:
    mine, other = shop.subscribed(), shop.subscribed()
    card = str(other.default_payment_method)

    with pytest.raises(stripe.InvalidRequestError, match="No such payment_method"):
        shop.stripe.v1.customers.update(str(mine.customer), {"invoice_settings": {"default_payment_method": card}})
    with pytest.raises(stripe.InvalidRequestError, match="No such payment_method"):
        shop.stripe.v1.subscriptions.update(mine.id, {"default_payment_method": card})
