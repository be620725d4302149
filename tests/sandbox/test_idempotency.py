"""Idempotency keys: the first answer again, whatever it was, for a day."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import requests
import stripe

from sandbox import endpoints
from sandbox.endpoints import ENDPOINTS
from tests.sandbox.conftest import Shop


def post(shop: Shop, path: str, body: dict[str, str], key: str | None) -> requests.Response:
    headers = {"Authorization": "Bearer sk_test_shop"} | ({"Idempotency-Key": key} if key else {})
    return requests.post(f"{shop.box.url}/v1/{path}", data=body, headers=headers, timeout=10)


def test_the_first_answer_is_replayed(shop: Shop) -> None:
    first = post(shop, "customers", {"email": "a@example.org"}, "one")
    again = post(shop, "customers", {"email": "a@example.org"}, "one")

    assert again.content == first.content
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Original-Request"] == first.headers["Request-Id"]
    assert again.headers["Request-Id"] != first.headers["Request-Id"]
    assert len(shop.stripe.v1.customers.list().data) == 1
    assert shop.events() == ["customer.created"]


def test_other_parameters_under_the_same_key(shop: Shop) -> None:
    shop.stripe.v1.customers.create({"email": "a@example.org"}, {"idempotency_key": "one"})

    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        shop.stripe.v1.customers.create({"email": "b@example.org"}, {"idempotency_key": "one"})
    with pytest.raises(stripe.IdempotencyError):
        shop.stripe.v1.products.create({"name": "x"}, {"idempotency_key": "one"})


def test_without_a_key_every_request_counts(shop: Shop) -> None:
    post(shop, "customers", {"email": "a@example.org"}, None)
    post(shop, "customers", {"email": "a@example.org"}, None)

    assert len(shop.stripe.v1.customers.list().data) == 2


def test_a_refused_validation_is_not_remembered(shop: Shop) -> None:
    assert post(shop, "customers", {"emial": "a@example.org"}, "one").status_code == 400

    assert post(shop, "customers", {"email": "a@example.org"}, "one").status_code == 200


def test_a_refusal_of_the_endpoint_itself_is_remembered(shop: Shop) -> None:
    session = shop.session()
    path = f"checkout/sessions/{session.id}/expire"
    shop.stripe.v1.checkout.sessions.expire(session.id)

    first, again = post(shop, path, {}, "one"), post(shop, path, {}, "one")

    assert (first.status_code, again.status_code) == (400, 400)
    assert again.headers["Idempotent-Replayed"] == "true"


def test_a_failure_inside_is_replayed_as_500(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_: Any) -> Any:
        raise RuntimeError("broken on purpose")

    handler_of("customers.create", break_down, monkeypatch)
    assert post(shop, "customers", {"email": "a@example.org"}, "one").status_code == 500
    monkeypatch.undo()

    again = post(shop, "customers", {"email": "a@example.org"}, "one")
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (500, "true")
    assert again.json()["error"]["type"] == "api_error"


def test_two_at_once_with_one_key(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    entered, leave = threading.Event(), threading.Event()

    def slow(*_: Any) -> Any:
        entered.set()
        leave.wait(5)
        return {"object": "customer", "id": "cus_slow"}

    handler_of("customers.create", slow, monkeypatch)
    answers: list[requests.Response] = []
    first = threading.Thread(target=lambda: answers.append(post(shop, "customers", {"email": "a@example.org"}, "one")))
    first.start()
    assert entered.wait(5)

    conflict = post(shop, "customers", {"email": "a@example.org"}, "one")
    leave.set()
    first.join()

    assert conflict.status_code == 409
    assert conflict.json()["error"]["code"] == "idempotency_key_in_use"
    assert answers[0].status_code == 200
    later = post(shop, "customers", {"email": "a@example.org"}, "one")
    assert later.content == answers[0].content, "the conflict itself is not remembered"


def test_a_key_is_forgotten_after_a_day(shop: Shop) -> None:
    post(shop, "customers", {"email": "a@example.org"}, "one")
    shop.advance(hours=23)
    assert "Idempotent-Replayed" in post(shop, "customers", {"email": "a@example.org"}, "one").headers

    shop.advance(hours=2)

    assert post(shop, "customers", {"email": "b@example.org"}, "one").status_code == 200
    assert len(shop.stripe.v1.customers.list().data) == 2


def test_a_key_of_256_characters_is_refused(shop: Shop) -> None:
    assert post(shop, "customers", {}, "k" * 255).status_code == 200
    assert post(shop, "customers", {}, "k" * 256).status_code == 400


def handler_of(name: str, handler: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put another handler behind an endpoint."""
    place = next(index for index, endpoint in enumerate(ENDPOINTS) if endpoint.name == name)
    old = ENDPOINTS[place]
    new = type(old)(old.name, old.method, old.path, old.params_type, handler)
    monkeypatch.setattr(endpoints, "ENDPOINTS", [*ENDPOINTS[:place], new, *ENDPOINTS[place + 1 :]])
