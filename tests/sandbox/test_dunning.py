"""A renewal that is refused is asked for again on days 1, 3, 5 and 7, and then given up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stripe

from sandbox.server import Options, Sandbox
from sandbox.settings import DAY_S, Settings
from tests.sandbox.conftest import VISA, Shop

FAILS_LATER = "4000000000000341"
REFUSED = ["charge.failed", "payment_intent.payment_failed", "invoice.payment_failed", "invoice.updated"]


def latest(shop: Shop) -> stripe.Invoice:
    return shop.stripe.v1.invoices.list().data[0]


def past_due(shop: Shop) -> stripe.Subscription:
    """A subscription whose first renewal was just refused."""
    subscription = shop.subscribed(FAILS_LATER)
    end = subscription["items"].data[0].current_period_end
    shop.advance(hours=(end - shop.box.ctx.now()) / 3600 + 1.01)
    return shop.stripe.v1.subscriptions.retrieve(subscription.id)


def test_the_first_refusal(shop: Shop) -> None:
    subscription = past_due(shop)

    assert subscription.status == "past_due"
    invoice = latest(shop)
    assert (invoice.status, invoice.attempt_count, invoice.attempted) == ("open", 1, True)
    assert (invoice.amount_paid, invoice.amount_remaining) == (0, 2500)
    assert invoice.next_payment_attempt == pytest.approx(shop.box.ctx.now() + DAY_S, abs=60)
    assert shop.events()[-5:] == [*REFUSED, "customer.subscription.updated"]
    told = shop.stripe.v1.events.list({"type": "customer.subscription.updated"}).data[0]
    assert told.data.previous_attributes.to_dict() == {"status": "active"}


def test_the_schedule_and_the_end(shop: Shop) -> None:
    subscription = past_due(shop)
    before = len(shop.events())
    attempts = []

    for _ in range(9):
        shop.advance(days=1)
        attempts.append(latest(shop).attempt_count)

    assert attempts == [2, 2, 3, 3, 4, 4, 5, 5, 5], "days 1, 3, 5 and 7"
    assert latest(shop).next_payment_attempt is None
    assert latest(shop).status == "open"
    ended = shop.stripe.v1.subscriptions.retrieve(subscription.id)
    assert (ended.status, ended.cancellation_details.reason) == ("canceled", "payment_failed")
    happened = [name for name in shop.events_since(before) if name != "charge.updated"]
    assert happened == REFUSED * 4 + ["customer.subscription.deleted"]
    shop.advance(days=60)
    assert latest(shop).attempt_count == 5


def test_one_intent_is_tried_again_and_again(shop: Shop) -> None:
    past_due(shop)

    shop.advance(days=4)

    intents = shop.stripe.v1.payment_intents.list().data
    assert len(intents) == 2, "one for the first gift, one for the renewal"
    assert intents[0].last_payment_error.decline_code == "generic_decline"
    assert len(shop.stripe.v1.charges.list({"payment_intent": intents[0].id}).data) == 3
    assert len(shop.stripe.v1.invoice_payments.list({"status": "open"}).data) == 1


def test_a_new_card_heals_it_at_the_next_attempt(shop: Shop) -> None:
    subscription = past_due(shop)

    shop.door(f"customers/{subscription.customer}/card", {"number": VISA})
    shop.advance(days=1)

    assert (latest(shop).status, latest(shop).amount_paid, latest(shop).attempt_count) == ("paid", 2500, 2)
    assert shop.stripe.v1.subscriptions.retrieve(subscription.id).status == "active"
    shop.advance(days=31)
    assert [invoice.status for invoice in shop.stripe.v1.invoices.list().data] == ["paid"] * 3


def test_paying_by_hand_does_not_wait_for_the_schedule(shop: Shop) -> None:
    subscription = past_due(shop)
    invoice = latest(shop)

    with pytest.raises(stripe.CardError) as refusal:
        shop.stripe.v1.invoices.pay(invoice.id)
    assert refusal.value.error.decline_code == "generic_decline"
    assert latest(shop).attempt_count == 1, "only automatic attempts count"

    shop.door(f"customers/{subscription.customer}/card", {"number": VISA})
    assert shop.stripe.v1.invoices.pay(invoice.id).status == "paid"
    assert shop.stripe.v1.subscriptions.retrieve(subscription.id).status == "active"
    charges = len(shop.stripe.v1.charges.list({"limit": 100}).data)
    shop.advance(days=9)
    assert len(shop.stripe.v1.charges.list({"limit": 100}).data) == charges, "the old schedule asks no more"
    with pytest.raises(stripe.InvalidRequestError, match="already paid"):
        shop.stripe.v1.invoices.pay(invoice.id)


def test_paying_an_invoice_of_an_ended_subscription_does_not_revive_it(shop: Shop) -> None:
    subscription = past_due(shop)
    shop.advance(days=8)
    deleted = shop.events().count("customer.subscription.deleted")

    with pytest.raises(stripe.CardError):
        shop.stripe.v1.invoices.pay(latest(shop).id)

    assert shop.events().count("customer.subscription.deleted") == deleted == 1
    shop.door(f"customers/{subscription.customer}/card", {"number": VISA})
    assert shop.stripe.v1.subscriptions.retrieve(subscription.id).status == "canceled"


def test_cancelling_stops_the_asking(shop: Shop) -> None:
    subscription = past_due(shop)

    shop.stripe.v1.subscriptions.cancel(subscription.id)
    shop.advance(days=9)

    assert (latest(shop).status, latest(shop).attempt_count) == ("open", 1)
    assert (latest(shop).next_payment_attempt, latest(shop).auto_advance) == (None, False)


def test_a_card_that_wants_the_payer_there(shop: Shop) -> None:
    session = shop.monthly()
    asked = shop.pay(session.id, "4000000000003220")
    shop.box.ctx.engine.complete_action(str(asked.action_id), approve=True)

    shop.advance(days=32)

    assert latest(shop).status == "open"
    assert "invoice.payment_action_required" in shop.events()
    assert shop.stripe.v1.payment_intents.list().data[0].last_payment_error.code == "authentication_required"


@pytest.fixture
def lenient_shop() -> Iterator[Shop]:
    box = Sandbox(Options(settings=Settings(settle_delay_s=DAY_S, dunning_end="unpaid", dunning_days=(1,))))
    box.start()
    yield Shop(box)
    box.stop()


def test_an_account_that_marks_unpaid_keeps_drafts(lenient_shop: Shop) -> None:
    shop = lenient_shop
    subscription = past_due(shop)
    shop.advance(days=2)
    assert shop.stripe.v1.subscriptions.retrieve(subscription.id).status == "unpaid"

    shop.advance(days=31)

    assert (latest(shop).status, latest(shop).auto_advance) == ("draft", False)
    assert shop.stripe.v1.subscriptions.retrieve(subscription.id).status == "unpaid"
