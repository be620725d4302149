"""Stripe must send what we read, in the version and mode that we read; else the start fails with a sentence."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from typing import Any

import pytest
import stripe
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from config import stripe_events
from ledger.models import ReconciliationException
from payments import gateway, registry, tasks
from payments.models import EndpointCheck
from payments.operations.check_endpoint import CHECK_EVERY, may_be_ready
from people import clock
from people.models import Organisation
from tests.local_stripe import LocalStripe
from tests.payments.fake_stripe import FakeStripe, cut_off, error, ok, stripe_balance

pytestmark = pytest.mark.django_db
ADDRESS = "https://tassel.example/stripe/webhook"
NEEDED = """
    checkout.session.completed checkout.session.async_payment_succeeded checkout.session.async_payment_failed
    checkout.session.expired customer.subscription.created customer.subscription.updated customer.subscription.deleted
    customer.subscription.paused customer.subscription.resumed invoice.created invoice.finalized invoice.paid
    invoice.payment_failed invoice.payment_action_required invoice.upcoming invoice.voided invoice.marked_uncollectible
    invoice_payment.paid charge.succeeded charge.refunded charge.updated refund.created refund.updated refund.failed
    charge.dispute.created charge.dispute.updated charge.dispute.closed charge.dispute.funds_withdrawn
    charge.dispute.funds_reinstated payout.paid payout.failed payout.reconciliation_completed transfer.created
    transfer.reversed transfer.updated account.updated charge.failed charge.pending charge.expired
    payment_intent.payment_failed setup_intent.setup_failed radar.early_fraud_warning.created
    payment_method.automatically_updated customer.updated customer.deleted payout.created payout.updated payout.canceled
""".split()


@pytest.fixture(autouse=True)
def address(settings: Settings) -> None:
    settings.BASE_URL = "https://tassel.example"


def endpoint(**changes: Any) -> dict[str, Any]:
    return {
        "id": "we_1",
        "object": "webhook_endpoint",
        "url": ADDRESS,
        "status": "enabled",
        "api_version": gateway.API_VERSION,
        "livemode": False,
        "enabled_events": sorted(registry.types_read()),
    } | changes


def listed(fake: FakeStripe, *endpoints: dict[str, Any]) -> None:
    fake.put(stripe_balance())
    fake.faults.append(lambda: ok({"object": "list", "data": list(endpoints), "has_more": False, "url": "/"}))


@pytest.mark.parametrize("types", [{}, {"enabled_events": ["*"]}])
def test_an_endpoint_that_sends_what_we_read_is_right(
    fake: FakeStripe, types: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    listed(fake, endpoint(url="https://other.example/stripe/webhook", status="disabled"), endpoint(**types))

    call_command("stripe_check")

    assert "sends what we read" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"url": "https://staging.example/stripe/webhook"}, f"no webhook endpoint with the address {ADDRESS}"),
        ({"status": "disabled"}, "we_1 is disabled"),
        ({"api_version": "2024-12-18.acacia"}, "we_1 speaks 2024-12-18.acacia, we read 2026-10-28.endive"),
        ({"api_version": None}, "the account's default version"),
        ({"livemode": True}, "of the other mode"),
        ({"enabled_events": ["charge.updated"]}, "does not send "),
    ],
)
def test_what_is_wrong_ends_the_start_with_a_sentence(fake: FakeStripe, changes: dict[str, Any], sentence: str) -> None:
    listed(fake, endpoint(**changes))

    with pytest.raises(CommandError, match=sentence.replace(".", r"\.")):
        call_command("stripe_check")


@pytest.mark.parametrize(
    ("currency", "held", "sentence"),
    [
        ("usd", {"usd": 5, "eur": 0}, ""),
        ("eur", {"usd": 0}, "settles in usd, the organisation counts in eur"),
        ("usd", {"usd": 0, "eur": 700}, "holds eur as well"),
    ],
)
def test_stripe_must_settle_in_the_organisations_currency(
    fake: FakeStripe, currency: str, held: dict[str, int], sentence: str
) -> None:
    Organisation.objects.create(display_name="Tassel", currency=currency)
    listed(fake, endpoint())
    parts = [{"amount": amount, "currency": word} for word, amount in held.items()]
    fake.put(stripe_balance() | {"available": parts, "pending": []})

    with pytest.raises(CommandError, match=sentence) if sentence else nullcontext():
        call_command("stripe_check")


def test_each_missing_type_is_named(fake: FakeStripe) -> None:
    missing = ["checkout.session.expired", "invoice.paid"]
    listed(fake, endpoint(enabled_events=sorted(registry.types_read() - set(missing))))

    with pytest.raises(CommandError, match=r"does not send checkout\.session\.expired, invoice\.paid: add"):
        call_command("stripe_check")


def test_a_key_that_stripe_does_not_accept_is_said(fake: FakeStripe) -> None:
    fake.faults.append(lambda: error(401, "bad_key"))

    with pytest.raises(CommandError, match="does not accept our key"):
        call_command("stripe_check")


def test_the_types_can_be_listed_without_asking_anybody(fake: FakeStripe, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("stripe_check", "--types")

    assert capsys.readouterr().out.split() == sorted(registry.types_read())
    assert fake.requests == []


def test_the_local_stripe_is_asked_the_same_way(sandbox: LocalStripe) -> None:
    with pytest.raises(CommandError, match="no webhook endpoint"):
        call_command("stripe_check")
    endpoints = stripe.StripeClient("sk_test_x", base_addresses={"api": sandbox.url}).v1.webhook_endpoints
    made = endpoints.create({"url": ADDRESS, "enabled_events": ["invoice.paid"], "api_version": "2026-10-28.endive"})

    with pytest.raises(CommandError, match=f"does not send .*: add these types to the webhook endpoint {made.id}"):
        call_command("stripe_check")
    endpoints.delete(made.id)


@pytest.fixture
def must_pass(settings: Settings) -> Settings:
    """As in production."""
    settings.STRIPE_ENDPOINT_MUST_PASS = True
    return settings


def test_web_is_not_ready_before_stripe_sends_what_we_read(
    fake: FakeStripe, client: Client, must_pass: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed(fake, endpoint(enabled_events=["invoice.paid"]))
    assert tasks.check_endpoint() is True
    refused = client.get("/health/ready")
    assert (refused.status_code, refused.json()) == (503, {"status": "webhook endpoint not checked"})

    listed(fake, endpoint())
    tasks.check_endpoint()
    assert client.get("/health/ready").status_code == 200
    assert tasks.check_endpoint() is False, "once a day is enough"

    monkeypatch.setitem(registry._readers, "charge.captured", registry._readers["charge.updated"])
    assert client.get("/health/ready").status_code == 503, "a version that reads more asks anew"


def test_stripe_away_keeps_nobody_from_being_ready_again(fake: FakeStripe, client: Client, must_pass: Settings) -> None:
    listed(fake, endpoint())
    call_command("stripe_check")
    EndpointCheck.objects.update(passed_at=clock.wall_now() - CHECK_EVERY)
    fake.faults.extend([cut_off] * 3)

    assert tasks.check_endpoint() is True

    assert client.get("/health/ready").status_code == 200
    assert not ReconciliationException.objects.exists()


def test_an_endpoint_that_goes_wrong_is_an_exception_until_it_is_right(fake: FakeStripe, must_pass: Settings) -> None:
    listed(fake, endpoint())
    tasks.check_endpoint()
    for wrong in (True, False):
        EndpointCheck.objects.update(passed_at=clock.wall_now() - CHECK_EVERY)
        listed(fake, endpoint(status="disabled" if wrong else "enabled"))

        tasks.check_endpoint()

        still_open = ReconciliationException.objects.filter(resolved_at=None)
        assert [one.detail for one in still_open] == [
            "The webhook endpoint we_1 is disabled at Stripe: nothing is sent."
        ] * wrong


@pytest.mark.parametrize("must", [True, False])
def test_what_a_person_found_wrong_is_asked_again_within_minutes(
    fake: FakeStripe, settings: Settings, must: bool
) -> None:
    """Also where the beat itself would never ask, and long before a day is over."""
    settings.STRIPE_ENDPOINT_MUST_PASS = must
    for status in ("enabled", "disabled"):
        listed(fake, endpoint(status=status))
        with suppress(CommandError):
            call_command("stripe_check")
    assert ReconciliationException.objects.filter(resolved_at=None).count() == 1
    assert may_be_ready(), "a web process that starts now is as ready as the others"

    listed(fake, endpoint())

    assert [tasks.check_endpoint() for _ in range(2)] == [True, False]
    assert not ReconciliationException.objects.filter(resolved_at=None).exists()


def test_where_stripe_is_our_own_nobody_asks(fake: FakeStripe, client: Client) -> None:
    assert tasks.check_endpoint() is False
    assert (client.get("/health/ready").status_code, fake.requests) == (200, [])


@pytest.mark.parametrize("event_type", NEEDED)
def test_each_type_that_matters_is_read_or_ignored_for_a_reason(event_type: str) -> None:
    stripe_events.register()

    assert registry.reader_for(event_type) or not registry.reason_for(event_type).startswith("nobody reads")
