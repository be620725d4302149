"""The table of config/stripe_events.py is whole: each fact has its operation, each event a reader or a reason."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import get_type_hints

import pytest

from config import stripe_events
from payments import facts, registry, unread
from payments.facts import Fact

READ = """
checkout.session.completed checkout.session.async_payment_succeeded checkout.session.async_payment_failed
checkout.session.expired customer.subscription.updated customer.subscription.paused customer.subscription.resumed
customer.subscription.deleted invoice.paid invoice.payment_failed charge.succeeded charge.updated charge.refunded
refund.created refund.updated refund.failed charge.refund.updated charge.dispute.created charge.dispute.updated
charge.dispute.closed charge.dispute.funds_withdrawn charge.dispute.funds_reinstated
payout.created payout.updated payout.paid payout.failed payout.canceled payout.reconciliation_completed
transfer.created transfer.reversed transfer.updated
""".split()
# rules/stripe.md section 2, "Needed set", without those above.
NOT_READ = """
customer.subscription.created invoice.created invoice.finalized invoice.payment_action_required invoice.upcoming
invoice.voided invoice.marked_uncollectible invoice_payment.paid account.updated charge.failed charge.pending
charge.expired
payment_intent.payment_failed setup_intent.setup_failed radar.early_fraud_warning.created
payment_method.automatically_updated customer.updated customer.deleted
""".split()
# Which facts can be told of which kind: an order and a gift are one-time payments, a plan is a subscription.
ONE_TIME = {facts.CheckoutPaid, facts.CheckoutFailed, facts.CheckoutExpired}
BACK = {
    facts.RefundPending,
    facts.RefundMade,
    facts.RefundFailed,
    facts.RefundRefused,
    facts.DisputeOpened,
    facts.DisputeWon,
    facts.DisputeLost,
}
# Told of the kind of whoever sends money on: payouts to partners.
SENT_ON = {facts.TransferMade, facts.TransferReversed, facts.TransferRefused}
CAN_OCCUR = {
    "order": ONE_TIME | BACK | {facts.CheckoutAwaiting},
    "gift": ONE_TIME | BACK,
    "plan": BACK
    | {
        facts.CheckoutFailed,
        facts.CheckoutExpired,
        facts.PlanStarted,
        facts.InvoicePaid,
        facts.InvoiceFailed,
        facts.PlanChanged,
        facts.PlanEnded,
    },
    "payout": SENT_ON,
    "partner_account": {facts.AccountChanged, facts.AccountRefused},
}


def every_fact() -> set[type[Fact]]:
    return {thing for thing in vars(facts).values() if isinstance(thing, type) and issubclass(thing, Fact)} - {
        Fact,
        facts.Returned,
        facts.Booked,
    }


def test_every_fact_of_every_kind_that_can_occur_has_its_operation() -> None:
    registered = set(registry._operations)

    assert registered == {(fact, kind) for kind, told in CAN_OCCUR.items() for fact in told}
    assert {fact for fact, _ in registered} == every_fact()


def test_every_operation_takes_its_fact_and_names_its_outcome() -> None:
    for (fact, kind), operations in registry._operations.items():
        assert operations, f"{fact.__name__} of {kind}"
        for operation in operations:
            hints = get_type_hints(operation)
            assert issubclass(hints["return"], StrEnum), operation
            assert fact in getattr(hints["fact"], "__args__", (hints["fact"],)), operation
            assert "now" in hints, operation


@pytest.mark.parametrize("event_type", READ)
def test_what_we_follow_is_read(event_type: str) -> None:
    assert registry.reader_for(event_type) is not None


def test_nothing_else_is_read() -> None:
    assert set(registry._readers) == set(READ)


@pytest.mark.parametrize("event_type", NOT_READ)
def test_what_we_do_not_follow_says_why(event_type: str) -> None:
    assert registry.reader_for(event_type) is None

    reason = registry.reason_for(event_type)
    assert not reason.startswith("nobody reads"), f"{event_type} is ignored without a reason of its own"
    assert len(reason.split()) >= 2


def test_a_type_that_nobody_thought_of_is_named() -> None:
    assert registry.reason_for("issuing_card.created") == "nobody reads issuing_card.created"


@pytest.mark.parametrize("event_type", ["refund.split", "charge.dispute.paused", "transfer.paid"])
def test_money_that_nobody_follows_is_said_aloud(event_type: str) -> None:
    assert unread.moves_money(event_type)
    assert "money" in registry.reason_for(event_type)


def test_registering_twice_is_the_same_and_a_second_claim_is_refused() -> None:
    before = dict(registry._operations), dict(registry._readers)

    stripe_events.register()

    assert (registry._operations, registry._readers) == before
    with pytest.raises(registry.AlreadyRegistered):
        registry.on(facts.CheckoutPaid, "order", stripe_events.record_gift)
    assert (registry._operations, registry._readers) == before


def test_the_operating_page_tells_stripe_the_same_events() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "operating.md").read_text()

    assert [event_type for event_type in READ if f"`{event_type}`" not in page] == []
