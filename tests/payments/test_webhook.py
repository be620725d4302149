"""The webhook door keeps what Stripe signed and leaves nothing of anything else."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import stripe
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from payments.models import StripeEvent

pytestmark = pytest.mark.django_db
SECRET = "whsec_sandbox"


def event(**changes: Any) -> dict[str, Any]:
    return {
        "id": "evt_1",
        "object": "event",
        "type": "checkout.session.completed",
        "api_version": "2026-10-28.endive",
        "livemode": False,
        "created": 1_793_000_000,
        "data": {"object": {"id": "cs_test_1", "object": "checkout.session"}},
    } | changes


def deliver(
    client: Client, body: dict[str, Any] | str | bytes, *, secret: str = SECRET, age_s: int = 0, **headers: str
) -> int:
    raw = body if isinstance(body, str | bytes) else json.dumps(body)
    text = raw.decode("latin-1") if isinstance(raw, bytes) else raw
    signed = stripe.WebhookSignature.generate_signature_header(text, secret, int(time.time()) - age_s)
    given = {"Stripe-Signature": signed} | headers
    return client.post(reverse("payments:webhook"), raw, content_type="application/json", headers=given).status_code


def test_a_signed_event_is_kept(client: Client) -> None:
    assert deliver(client, event()) == 200

    kept = StripeEvent.objects.get()
    assert (kept.event_id, kept.type, kept.object_id, kept.state) == (
        "evt_1",
        "checkout.session.completed",
        "cs_test_1",
        "received",
    )
    assert json.loads(kept.body) == event()


def test_the_same_event_again_is_answered_and_kept_once(client: Client) -> None:
    assert [deliver(client, event()) for _ in range(3)] == [200, 200, 200]

    assert StripeEvent.objects.count() == 1


def test_it_costs_at_most_three_statements(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    with django_assert_max_num_queries(3):
        assert deliver(client, event()) == 200


def test_a_second_secret_is_good_while_secrets_are_rolled(client: Client, settings: Settings) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_new", SECRET]

    assert deliver(client, event()) == 200


@pytest.mark.parametrize("age_s", [295, -295])
def test_a_clock_a_little_off_is_no_crime(client: Client, age_s: int) -> None:
    assert deliver(client, event(), age_s=age_s) == 200


@pytest.mark.parametrize(
    "attack",
    [
        pytest.param({"secret": "whsec_forged"}, id="forged"),
        pytest.param({"age_s": 301}, id="stale"),
        pytest.param({"age_s": -310}, id="future-dated"),
        pytest.param({"Stripe-Signature": ""}, id="unsigned"),
        pytest.param({"Stripe-Signature": "t=1,v1=é"}, id="signature-not-ascii"),
        pytest.param({"Stripe-Signature": "nonsense"}, id="signature-without-shape"),
    ],
)
def test_what_stripe_did_not_sign_now_is_refused(client: Client, attack: dict[str, Any]) -> None:
    assert deliver(client, event(), **attack) == 400

    assert not StripeEvent.objects.exists()


def test_one_changed_byte_is_refused(client: Client) -> None:
    body = json.dumps(event())
    signed = stripe.WebhookSignature.generate_signature_header(body, SECRET)

    assert deliver(client, body.replace("cs_test_1", "cs_test_2"), **{"Stripe-Signature": signed}) == 400

    assert not StripeEvent.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("{", id="not-json"),
        pytest.param("[" * 100_000, id="deep"),
        pytest.param("[]", id="list"),
        pytest.param('"event"', id="text"),
        pytest.param({"id": "evt_1", "object": "v2.core.event", "livemode": False}, id="thin"),
        pytest.param(event(livemode=True), id="other-mode"),
        pytest.param(event(livemode=None), id="no-mode"),
        pytest.param(event(id="evt_\x00"), id="nul"),
        pytest.param(event(id=7), id="id-no-text"),
        pytest.param(event(created="soon"), id="date-no-number"),
        pytest.param(event(created=10**18), id="date-beyond-calendars"),
        pytest.param(event(data=None), id="no-object"),
        pytest.param(event(data={"object": "cs_test_1"}), id="object-is-text"),
        pytest.param(event(type="a type\nwith lines"), id="type-with-lines"),
    ],
)
def test_a_signed_body_of_another_shape_is_refused(client: Client, body: Any) -> None:
    assert deliver(client, body) == 400

    assert not StripeEvent.objects.exists()


def test_bytes_that_are_no_text_are_refused(client: Client) -> None:
    assert deliver(client, b'{"id": "\xff"}') == 400

    assert not StripeEvent.objects.exists()


def test_an_oversized_body_is_refused_unread(client: Client) -> None:
    assert deliver(client, event(padding="x" * 256 * 1024)) == 413

    assert not StripeEvent.objects.exists()


def test_a_body_of_just_the_limit_is_taken(client: Client) -> None:
    room = 256 * 1024 - len(json.dumps(event(padding="")))

    assert deliver(client, event(padding="x" * room)) == 200


def test_an_event_of_an_older_api_version_is_kept_because_its_object_is_looked_up(client: Client) -> None:
    assert deliver(client, event(api_version="2024-12-18.acacia")) == 200

    assert StripeEvent.objects.get().api_version == "2024-12-18.acacia"


def test_an_object_without_an_id_is_kept(client: Client) -> None:
    body = event(type="balance.available", data={"object": {"object": "balance"}})

    assert deliver(client, body) == 200

    assert StripeEvent.objects.get().object_id == ""


def test_only_stripe_posts_here(client: Client) -> None:
    assert client.get(reverse("payments:webhook")).status_code == 405


def test_no_csrf_token_is_asked_for() -> None:
    assert deliver(Client(enforce_csrf_checks=True), event()) == 200
