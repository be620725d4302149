"""The webhook door keeps what Stripe signed and leaves nothing of anything else."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import stripe
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings
from structlog.testing import capture_logs

from ledger.models import ReconciliationException
from payments import gateway
from payments.models import StripeEvent
from payments.operations import watch_signatures
from payments.operations.watch_signatures import name_bad_signatures
from people import clock

pytestmark = pytest.mark.django_db
SECRET = "whsec_sandbox"


@pytest.fixture(autouse=True)
def nothing_counted(db: None) -> None:
    cache.clear()


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


def test_it_costs_at_most_three_statements_and_no_call_out(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []
    monkeypatch.setattr(gateway, "client", lambda: called.append("made"))
    monkeypatch.setattr(gateway.Gateway, "_ask", lambda *_: called.append("asked"))

    with django_assert_max_num_queries(3):
        assert deliver(client, event()) == 200

    assert called == []


def test_a_second_secret_is_good_while_secrets_are_rolled(client: Client, settings: Settings) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_new", SECRET]

    assert deliver(client, event()) == 200


def forged(client: Client, times: int = 1) -> None:
    assert [deliver(client, event(), secret="whsec_other") for _ in range(times)] == [400] * times


def alarms() -> list[str]:
    name_bad_signatures(now=clock.now())
    return list(ReconciliationException.objects.filter(resolved_at=None).values_list("kind", flat=True))


def test_five_bad_signatures_in_a_row_are_an_alarm_until_a_good_one(client: Client) -> None:
    with capture_logs() as logs:
        forged(client, 4)
        assert alarms() == []
        forged(client, 3)
        assert alarms() == ["webhook_signatures_bad"]
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["webhook_signatures_bad"]

    deliver(client, event())

    assert alarms() == []
    forged(client, 4)
    assert alarms() == []
    forged(client)
    assert alarms() == ["webhook_signatures_bad"]


def test_a_good_signature_between_bad_ones_begins_the_count_anew(client: Client) -> None:
    for number in range(3):
        forged(client, 4)
        deliver(client, event(id=f"evt_{number}"))

    assert alarms() == []


def test_forgeries_beyond_the_fifth_write_nothing(client: Client) -> None:
    forged(client, 5)

    with CaptureQueriesContext(connection) as queries:
        forged(client)

    assert not StripeEvent.objects.exists() and not ReconciliationException.objects.exists()
    assert [query["sql"] for query in queries if not query["sql"].startswith("SELECT")] == []


def test_what_never_pretended_to_be_stripes_is_not_counted(client: Client) -> None:
    for _ in range(6):
        assert client.post(reverse("payments:webhook"), b"{}", content_type="application/json").status_code == 400

    assert alarms() == []


def test_the_door_answers_also_without_its_cache(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_signatures, "cache", None)

    forged(client)


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


def test_a_test_event_in_live_is_refused_and_nothing_of_it_is_kept(client: Client, settings: Settings) -> None:
    settings.STRIPE_LIVE = True

    assert [deliver(client, event()), deliver(client, event(livemode=True))] == [400, 200]

    assert StripeEvent.objects.get().livemode


def test_json_ten_thousand_deep_is_refused_at_once(client: Client) -> None:
    began = time.monotonic()

    assert deliver(client, '{"a":' * 10_000 + "1" + "}" * 10_000) == 400

    assert time.monotonic() - began < 5
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
