"""A look at each of Stripe's objects gives the one fact it stands for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from payments.facts import (
    CheckoutAwaiting,
    CheckoutExpired,
    CheckoutFailed,
    CheckoutPaid,
    InvoiceFailed,
    InvoicePaid,
    PlanChanged,
    PlanEnded,
    PlanStarted,
)
from payments.readers import read_charge, read_checkout, read_invoice, read_subscription
from payments.readers.returns import OtherCurrency, _dispute_seen
from tests.payments.conftest import NOW
from tests.payments.fake_stripe import (
    FakeStripe,
    balance_transaction,
    charge,
    intent,
    invoice,
    session,
    subscription,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]
PAID_AT = datetime.fromtimestamp(1_793_000_000, UTC)
NEXT_AT = datetime.fromtimestamp(1_795_600_000, UTC)
ADDRESS = {"line1": "1 Main St", "line2": None, "city": "Reno", "state": "NV", "postal_code": "89501", "country": "US"}


def test_a_paid_session_with_every_part(fake: FakeStripe) -> None:
    fake.put(
        session(
            amount_total=5666,
            total_details={"amount_shipping": 500, "amount_tax": 366, "amount_discount": 0},
            collected_information={"shipping_details": {"name": "Grace H.", "address": ADDRESS}},
        )
    )

    reading = read_checkout("cs_test_1", NOW)

    assert reading.facts == (
        CheckoutPaid(
            kind="order",
            subject="order:1",
            checkout_ref="cs_test_1",
            charge_ref="stripe:charge:ch_1",
            currency="usd",
            total_minor=5666,
            subtotal_minor=4800,
            shipping_minor=500,
            tax_minor=366,
            paid_at=PAID_AT,
            email="ada@example.org",
            name="Grace H.",
            shipping_address={
                "name": "Grace H.",
                "line1": "1 Main St",
                "city": "Reno",
                "state": "NV",
                "postal_code": "89501",
                "country": "US",
            },
        ),
    )
    assert reading.checkout is not None and reading.checkout.charge_id == "ch_1"


def test_what_a_payer_typed_never_stands_in_the_way_of_their_payment(fake: FakeStripe) -> None:
    address = {"line1": "1 Main\0 St" + "!" * 900, "city": "Reno\r\nBcc: x"}
    fake.put(
        session(
            customer_details={"email": "a" * 400 + "@example.org", "name": "N" * 900},
            collected_information={"shipping_details": {"name": "Grace\0 " + "H" * 900, "address": address}},
        )
    )

    (fact,) = read_checkout("cs_test_1", NOW).facts

    assert isinstance(fact, CheckoutPaid)
    assert (fact.email, len(fact.name), fact.name[:7]) == ("", 200, "Grace H")
    assert (len(fact.shipping_address["line1"]), fact.shipping_address["city"]) == (500, "Reno Bcc: x")


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ({"status": "open", "payment_status": "unpaid", "url": "https://x.example", "payment_intent": None}, None),
        ({"status": "expired", "payment_status": "unpaid", "payment_intent": None}, CheckoutExpired),
        ({"payment_status": "unpaid", "payment_intent": intent(status="processing")}, CheckoutAwaiting),
        ({"payment_status": "unpaid", "payment_intent": intent(status="requires_payment_method")}, CheckoutFailed),
        ({"payment_status": "paid"}, CheckoutPaid),
        ({"payment_status": "no_payment_required", "payment_intent": None}, None),
    ],
)
def test_each_state_of_a_session_is_one_fact(fake: FakeStripe, state: dict[str, Any], told: type | None) -> None:
    fake.put(session(**state))

    facts = read_checkout("cs_test_1", NOW).facts

    assert [type(fact) for fact in facts] == ([told] if told else [])


def test_a_session_that_somebody_else_opened_is_not_ours(fake: FakeStripe) -> None:
    fake.put(session(metadata={}))

    reading = read_checkout("cs_test_1", NOW)

    assert reading.facts == () and reading.checkout is None
    assert "not opened by us" in reading.nothing


def test_a_plans_session_tells_of_its_start_and_of_its_first_month(fake: FakeStripe) -> None:
    of_plan = {"kind": "plan", "subject": "plan:3"}
    fake.put(charge(metadata={}, amount=2500))
    fake.put(invoice())
    fake.put(
        session(
            mode="subscription",
            metadata=of_plan,
            payment_intent=None,
            subscription="sub_1",
            customer="cus_1",
            invoice="in_1",
        )
    )

    started, paid = read_checkout("cs_test_1", NOW).facts

    assert isinstance(started, PlanStarted)
    assert (started.subscription_ref, started.customer_ref, started.subject) == ("sub_1", "cus_1", "plan:3")
    assert isinstance(paid, InvoicePaid)
    assert (paid.amount_minor, paid.charge_ref, paid.subject) == (2500, "stripe:charge:ch_1", "plan:3")


def test_a_paid_invoice(fake: FakeStripe) -> None:
    fake.put(charge(metadata={}, amount=2500))
    fake.put(invoice())

    reading = read_invoice("in_1", NOW)

    assert reading.facts == (
        InvoicePaid(
            kind="plan",
            subject="plan:3",
            subscription_ref="sub_1",
            invoice_ref="in_1",
            charge_ref="stripe:charge:ch_1",
            currency="usd",
            amount_minor=2500,
            paid_at=datetime.fromtimestamp(1_793_000_005, UTC),
            next_at=NEXT_AT,
        ),
    )
    assert reading.charge is not None and reading.charge.subject == "plan:3"


def test_an_invoice_tried_in_vain(fake: FakeStripe) -> None:
    fake.put(
        charge(status="failed", metadata={}, failure_code="card_declined", outcome={"reason": "insufficient_funds"})
    )
    payments = invoice()["payments"]
    payments["data"][0]["status"] = "open"
    fake.put(
        invoice(status="open", amount_paid=0, attempt_count=2, next_payment_attempt=1_793_300_000, payments=payments)
    )

    (fact,) = read_invoice("in_1", NOW).facts

    assert fact == InvoiceFailed(
        kind="plan",
        subject="plan:3",
        subscription_ref="sub_1",
        invoice_ref="in_1",
        attempt=2,
        next_attempt_at=datetime.fromtimestamp(1_793_300_000, UTC),
        decline_code="insufficient_funds",
        at=PAID_AT,
    )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"amount_paid": 0}, "nothing was taken"),
        ({"status": "draft", "attempt_count": 0}, "not tried yet"),
        ({"status": "open", "attempt_count": 0}, "not tried yet"),
        ({"parent": None}, "not of a plan of ours"),
        ({"payments": {"object": "list", "data": []}}, "outside Stripe"),
    ],
)
def test_an_invoice_that_is_no_gift_says_why(fake: FakeStripe, changes: dict[str, Any], why: str) -> None:
    fake.put(charge())
    fake.put(invoice(**changes))

    reading = read_invoice("in_1", NOW)

    assert reading.facts == ()
    assert why in reading.nothing


@pytest.mark.parametrize("status", ["active", "past_due", "unpaid", "paused"])
def test_a_running_subscription(fake: FakeStripe, status: str) -> None:
    fake.put(subscription(status=status, cancel_at_period_end=True))

    assert read_subscription("sub_1", NOW).facts == (
        PlanChanged(
            kind="plan",
            subject="plan:3",
            subscription_ref="sub_1",
            status=status,
            cancel_at_period_end=True,
            next_at=NEXT_AT,
            at=NOW,
        ),
    )


@pytest.mark.parametrize("status", ["canceled", "incomplete_expired"])
def test_a_subscription_that_is_over(fake: FakeStripe, status: str) -> None:
    fake.put(
        subscription(status=status, ended_at=1_793_000_000, cancellation_details={"reason": "cancellation_requested"})
    )

    assert read_subscription("sub_1", NOW).facts == (
        PlanEnded(kind="plan", subject="plan:3", subscription_ref="sub_1", reason="cancellation_requested", at=PAID_AT),
    )


def test_a_charge_with_its_card_and_its_booking(fake: FakeStripe) -> None:
    fake.put(charge(balance_transaction=balance_transaction()))

    seen = read_charge("ch_1", NOW).charge

    assert seen is not None and seen.balance_transaction is not None
    assert (seen.brand, seen.last4, seen.exp_month, seen.exp_year) == ("visa", "4242", 12, 2034)
    assert (seen.balance_transaction.fee_minor, seen.balance_transaction.category) == (169, "charge")


def test_a_charge_by_bank_debit_has_no_card(fake: FakeStripe) -> None:
    fake.put(charge(payment_method_details={"type": "us_bank_account", "us_bank_account": {"last4": "6789"}}))

    seen = read_charge("ch_1", NOW).charge

    assert seen is not None
    assert (seen.method, seen.brand, seen.last4) == ("us_bank_account", "", "")


@pytest.mark.parametrize("category", ["dispute", "dispute_reversal"])
def test_a_dispute_that_stripe_settled_in_another_currency_is_refused(category: str) -> None:
    """Its amounts would be taken for cents of the charge's own."""
    amount = -5000 if category == "dispute" else 5000
    booked = {
        "id": "txn_1",
        "amount": amount,
        "currency": "eur",
        "created": 1_793_000_000,
        "reporting_category": category,
    }
    seen = stripe.Dispute.construct_from({"id": "dp_1", "currency": "usd", "balance_transactions": [booked]}, "sk_test")

    with pytest.raises(OtherCurrency, match="dp_1 is in usd, txn_1 in eur"):
        _dispute_seen(seen, NOW)
