"""The gateway waits a little, repeats with the same key, and speaks our words."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from django.db import transaction
from pytest_django import Settings

from payments import gateway
from payments.gateway import (
    FailureStored,
    Gateway,
    KeyConflict,
    KeyMissing,
    NoSuchObject,
    StripeMisconfigured,
    StripeRefused,
    StripeUnavailable,
)
from tests.payments.fake_stripe import FakeStripe, charge, cut_off, error, session

pytestmark = pytest.mark.django_db


def test_the_deployments_client_has_time_limit_retries_and_address(settings: Settings) -> None:
    settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = "sk_test_1", "http://127.0.0.1:7"

    requestor = gateway.client()._client._requestor

    assert requestor._client._timeout == 10
    assert requestor._options.max_network_retries == 2
    assert requestor._options.base_addresses["api"] == "http://127.0.0.1:7"
    assert requestor._options.stripe_version == stripe.api_version == "2026-10-28.endive"


@pytest.mark.parametrize("fault", [cut_off, lambda: error(500), lambda: error(503), lambda: error(409)])
def test_a_fault_is_repeated_under_the_same_key(fake: FakeStripe, fault: Any) -> None:
    fake.put(session(status="open"))
    fake.faults.extend([fault, fault])

    gateway.client().change("expire_checkout", target="cs_test_1", params={}, key="k1")

    assert fake.keys() == ["k1", "k1", "k1"]


def test_after_three_faults_nothing_is_known(fake: FakeStripe) -> None:
    fake.faults.extend([cut_off] * 3)

    with pytest.raises(StripeUnavailable):
        gateway.client().charge("ch_1")

    assert len(fake.requests) == 3


def test_a_429_is_waited_out_by_us_because_the_library_does_not(fake: FakeStripe) -> None:
    waits: list[float] = []
    patient = Gateway(gateway.client()._client, sleep=waits.append)
    fake.put(charge())
    fake.faults.extend([lambda: error(429, "rate_limit")] * 4)

    assert patient.charge("ch_1").id == "ch_1"

    assert len(waits) == 4
    assert 0.25 <= waits[0] <= 0.5
    assert sum(waits) <= 7.5


def test_a_storm_of_429_ends_as_unavailable(fake: FakeStripe) -> None:
    fake.faults.extend([lambda: error(429, "rate_limit")] * 9)

    with pytest.raises(StripeUnavailable):
        gateway.client().charge("ch_1")

    assert len(fake.requests) == 5


@pytest.mark.parametrize(
    ("answer", "named", "code"),
    [
        (error(400, "parameter_unknown"), StripeRefused, "parameter_unknown"),
        (error(404, "resource_missing"), NoSuchObject, "resource_missing"),
        (error(402, "card_declined", "card_error", decline_code="insufficient_funds"), StripeRefused, "card_declined"),
    ],
)
def test_a_clear_no_is_not_repeated(fake: FakeStripe, answer: Any, named: type[StripeRefused], code: str) -> None:
    fake.faults.append(lambda: answer)

    with pytest.raises(named) as refused:
        gateway.client().charge("ch_1")

    assert (type(refused.value), refused.value.code) == (named, code)
    assert len(fake.requests) == 1


def test_a_key_that_stood_for_something_else_is_no_answer(fake: FakeStripe, caplog: pytest.LogCaptureFixture) -> None:
    fake.faults.append(lambda: error(400, "", "idempotency_error"))

    with pytest.raises(KeyConflict):
        gateway.client().charge("ch_1")

    assert (issubclass(KeyConflict, FailureStored), issubclass(KeyConflict, StripeRefused)) == (True, False)
    assert len(fake.requests) == 1
    assert any("stripe_key_conflict" in one.getMessage() for one in caplog.records if one.levelname == "ERROR")


def test_a_decline_keeps_the_banks_reason(fake: FakeStripe) -> None:
    fake.faults.append(lambda: error(402, "card_declined", "card_error", decline_code="insufficient_funds"))

    with pytest.raises(StripeRefused) as refused:
        gateway.client().charge("ch_1")

    assert refused.value.decline_code == "insufficient_funds"


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_not_accepted_is_the_settings_fault_not_the_events(fake: FakeStripe, status: int) -> None:
    fake.faults.append(lambda: error(status))

    with pytest.raises(StripeMisconfigured):
        gateway.client().charge("ch_1")


def test_a_cut_off_answer_is_no_answer(fake: FakeStripe) -> None:
    fake.faults.append(lambda: ('{"id": "ch_1", "obj', 200, {}))

    with pytest.raises(StripeUnavailable):
        gateway.client().charge("ch_1")


def test_a_change_without_a_key_of_ours_is_not_made(fake: FakeStripe) -> None:
    with pytest.raises(KeyMissing):
        gateway.client().change("expire_checkout", target="cs_test_1", params={}, key="")

    assert fake.requests == []


def test_no_transaction_waits_for_the_network(fake: FakeStripe) -> None:
    fake.put(charge())

    with transaction.atomic(), pytest.raises(RuntimeError):
        gateway.client().charge("ch_1")

    assert fake.requests == []
