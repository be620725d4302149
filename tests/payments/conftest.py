"""What the tests of payments stand on: a scripted Stripe, open months, and a registry of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from ledger import builders
from ledger.operations.open_months import open_months
from ledger.operations.post_entry import Outcome, post_entry
from payments import gateway, registry
from payments.facts import CheckoutPaid, Fact, InvoicePaid
from payments.readers import read_charge, read_checkout, read_invoice, read_payout, read_subscription
from people.models import Organisation
from people.queries import local_day
from tests.payments.fake_stripe import FakeStripe

NOW = datetime(2026, 10, 26, 12, tzinfo=UTC)


@pytest.fixture
def books(db: None) -> Organisation:
    """An organisation whose books have their months."""
    open_months(around=NOW)
    return Organisation.objects.create(display_name="Tassel", zone_name="America/Chicago")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeStripe:
    """Stripe answers with what the test puts there; nobody really waits."""
    http = FakeStripe()
    client = stripe.StripeClient(
        "sk_test_fake", http_client=http, max_network_retries=2, stripe_version=gateway.API_VERSION
    )
    made = gateway.Gateway(client, sleep=lambda _: None)
    monkeypatch.setattr(gateway, "client", lambda: made)
    return http


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Fact]:
    """An empty registry with payments' own readers; whoever asks `listen` to hear facts finds them here."""
    facts: list[Fact] = []
    monkeypatch.setattr(registry, "_operations", {})
    monkeypatch.setattr(registry, "_reasons", {})
    monkeypatch.setattr(registry, "_guards", {})
    monkeypatch.setattr(
        registry,
        "_readers",
        {
            **dict.fromkeys(
                [
                    f"checkout.session.{end}"
                    for end in ("completed", "expired", "async_payment_succeeded", "async_payment_failed")
                ],
                read_checkout,
            ),
            **dict.fromkeys(["invoice.paid", "invoice.payment_failed"], read_invoice),
            **dict.fromkeys([f"customer.subscription.{end}" for end in ("updated", "deleted")], read_subscription),
            **dict.fromkeys(["charge.succeeded", "charge.updated"], read_charge),
            **dict.fromkeys(
                [f"payout.{end}" for end in ("created", "updated", "paid", "failed", "reconciliation_completed")],
                read_payout,
            ),
        },
    )
    return facts


Listen = Callable[..., None]


@pytest.fixture
def listen(told: list[Fact]) -> Listen:
    """`listen("order", CheckoutPaid, ...)`: facts of that kind are posted if they are money, and kept in `told`."""

    def hear(fact: Fact, *, now: datetime) -> Outcome:
        outcome = post_gift(fact, now=now) if isinstance(fact, CheckoutPaid | InvoicePaid) else Outcome.POSTED
        told.append(fact)
        return outcome

    def register(kind: str, *fact_types: type[Fact]) -> None:
        for fact_type in fact_types:
            registry.on(fact_type, kind, hear)

    return register


def post_gift(fact: Any, *, now: datetime) -> Outcome:
    """The smallest real operation: the whole payment is a gift, posted once for its charge."""
    amount = fact.total_minor if isinstance(fact, CheckoutPaid) else fact.amount_minor
    draft = builders.gift(
        charge_ref=fact.charge_ref,
        source=fact.subject,
        event_at=fact.paid_at,
        effective_on=local_day(fact.paid_at),
        currency=fact.currency,
        gift_minor=amount,
        cover_minor=0,
        fund="fund:seed",
    )
    return post_entry(draft, now=now).outcome
