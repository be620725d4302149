"""A running subscription changes: prorations, a new cycle, trials, pauses, ends that settle, and a start by API."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
import stripe

from sandbox.engine.prorating import part
from tests.sandbox.conftest import VISA, Shop
from tests.sandbox.test_subscriptions import item, on, start_at

BAD = "4000000000000341"
APRIL = (2026, 4, 1, 0)  # thirty days: half of them are fifteen


@pytest.fixture
def shop(shop: Shop) -> Shop:
    start_at(shop, *APRIL)
    return shop


def subscribed(shop: Shop, amount_minor: int, number: str = VISA) -> stripe.Subscription:
    """At this monthly amount, by the page."""
    session = shop.monthly(amount_minor)
    assert shop.pay(session.id, number).state == "succeeded"
    done = shop.stripe.v1.checkout.sessions.retrieve(session.id)
    return shop.stripe.v1.subscriptions.retrieve(str(done.subscription))


def price(subscription: stripe.Subscription, amount_minor: int, interval: str = "month") -> Any:
    return {
        "currency": "usd",
        "product": item(subscription).price.product,
        "unit_amount": amount_minor,
        "recurring": {"interval": interval},
    }


def change(shop: Shop, subscription: stripe.Subscription, amount_minor: int, **params: Any) -> stripe.Subscription:
    items: Any = [{"id": item(subscription).id, "price_data": price(subscription, amount_minor)}]
    return shop.stripe.v1.subscriptions.update(subscription.id, {"items": items, **params})


def invoices(shop: Shop) -> list[stripe.Invoice]:
    return shop.stripe.v1.invoices.list({"limit": 100}).data


def amounts(invoice: stripe.Invoice) -> list[int]:
    return [line.amount for line in invoice.lines.data]


def balance(shop: Shop, subscription: stripe.Subscription) -> int:
    return int(shop.stripe.v1.customers.retrieve(str(subscription.customer)).balance or 0)


@pytest.mark.parametrize(("whole", "expected"), [(1, 1), (-1, -1), (3, 2), (-3, -2), (1000, 500), (0, 0)])
def test_a_part_is_rounded_half_away_from_zero(whole: int, expected: int) -> None:
    assert part(whole, Fraction(1, 2)) == expected


def test_prorations_wait_for_the_renewal(shop: Shop) -> None:
    subscription = subscribed(shop, 3000)
    shop.advance(days=15)

    change(shop, subscription, 5000)
    assert len(invoices(shop)) == 1, "nothing is asked for yet"
    shop.advance(days=15, hours=2)

    renewal = invoices(shop)[0]
    assert amounts(renewal) == [-1500, 2500, 5000]
    assert (renewal.billing_reason, renewal.amount_paid) == ("subscription_cycle", 6000)
    details: Any = [line.parent.subscription_item_details for line in renewal.lines.data if line.parent]
    assert [detail.proration for detail in details] == [True, True, False]
    assert details[0].invoice_item.startswith("ii_")


def test_prorations_may_be_invoiced_at_once(shop: Shop) -> None:
    subscription = subscribed(shop, 3000)
    shop.advance(days=15)
    before = len(shop.events())

    changed = change(shop, subscription, 5000, proration_behavior="always_invoice")

    now = invoices(shop)[0]
    assert (now.billing_reason, now.status, now.amount_paid) == ("subscription_update", "paid", 1000)
    assert changed.latest_invoice == now.id
    told = [name for name in shop.events_since(before) if "price" not in name]
    assert told[:3] == ["customer.subscription.updated", "invoice.created", "invoice.finalized"]
    assert told[-2:] == ["invoice.paid", "invoice.payment_succeeded"]
    shop.advance(days=15, hours=2)
    assert amounts(invoices(shop)[0]) == [5000]


def test_a_smaller_amount_leaves_credit_that_pays_later(shop: Shop) -> None:
    subscription = subscribed(shop, 5000)
    shop.advance(days=15)

    change(shop, subscription, 1000, proration_behavior="always_invoice")

    first = invoices(shop)[0]
    assert (first.total, first.amount_due, first.status, first.ending_balance) == (-2000, 0, "paid", -2000)
    assert balance(shop, subscription) == -2000
    shop.advance(days=15, hours=2)
    renewal = invoices(shop)[0]
    assert (renewal.total, renewal.starting_balance, renewal.amount_due) == (1000, -2000, 0)
    assert balance(shop, subscription) == -1000
    shop.advance(days=61)
    assert [invoice.amount_paid for invoice in invoices(shop)[:2]] == [1000, 0]


def test_without_prorations_nothing_is_settled(shop: Shop) -> None:
    subscription = subscribed(shop, 3000)
    shop.advance(days=15)

    change(shop, subscription, 5000, proration_behavior="none")
    shop.advance(days=15, hours=2)

    assert amounts(invoices(shop)[0]) == [5000]


def test_time_that_was_free_is_worth_no_credit(shop: Shop) -> None:
    shop.advance(days=1)
    config: Any = {"billing_cycle_anchor_config": {"day_of_month": 1}, "proration_behavior": "none"}
    subscription = shop.subscribed(subscription_data=config)

    shop.stripe.v1.subscriptions.pause(subscription.id)
    shop.stripe.v1.subscriptions.resume(subscription.id)

    assert [amounts(invoice) for invoice in invoices(shop)] == [[2500], [0]]


def test_a_refused_proration_is_dunned(shop: Shop) -> None:
    subscription = subscribed(shop, 3000, BAD)
    shop.advance(days=15)

    change(shop, subscription, 5000, proration_behavior="always_invoice")

    assert invoices(shop)[0].status == "open"
    assert shop.stripe.v1.subscriptions.retrieve(subscription.id).status == "past_due"


def test_a_new_cycle_begins_now(shop: Shop) -> None:
    subscription = subscribed(shop, 3000)
    shop.advance(days=15)

    moved = shop.stripe.v1.subscriptions.update(subscription.id, {"billing_cycle_anchor": {"type": "now"}})

    assert on(moved.billing_cycle_anchor)[:10] == "2026-04-16"
    assert on(item(moved).current_period_end)[:10] == "2026-05-16"
    assert amounts(invoices(shop)[0]) == [-1500, 3000]
    assert invoices(shop)[0].amount_paid == 1500
    shop.advance(days=20)
    assert len(invoices(shop)) == 2, "the old end of the period is nobody's business any more"
    shop.advance(days=11)
    assert len(invoices(shop)) == 3


def test_an_unchanged_anchor_changes_nothing(shop: Shop) -> None:
    subscription = shop.subscribed()

    same = shop.stripe.v1.subscriptions.update(subscription.id, {"billing_cycle_anchor": {"type": "unchanged"}})

    assert same.billing_cycle_anchor == subscription.billing_cycle_anchor
    assert len(invoices(shop)) == 1


def test_the_old_words_for_the_anchor_are_refused(shop: Shop) -> None:
    subscription = shop.subscribed()

    for old in ("now", "unchanged"):
        params: Any = {"billing_cycle_anchor": old}
        with pytest.raises(stripe.InvalidRequestError, match="Invalid object"):
            shop.stripe.v1.subscriptions.update(subscription.id, params)


def test_another_interval_begins_a_new_cycle(shop: Shop) -> None:
    subscription = subscribed(shop, 3000)
    shop.advance(days=15)
    items: Any = [{"id": item(subscription).id, "price_data": price(subscription, 30000, "year")}]

    yearly = shop.stripe.v1.subscriptions.update(subscription.id, {"items": items})

    assert on(item(yearly).current_period_end)[:10] == "2027-04-16"
    assert amounts(invoices(shop)[0]) == [-1500, 30000]


def test_a_trial_that_begins_later(shop: Shop) -> None:
    subscription = subscribed(shop, 3000)
    shop.advance(days=15)
    until = shop.box.ctx.now() + 10 * 86_400

    trial = shop.stripe.v1.subscriptions.update(subscription.id, {"trial_end": until, "proration_behavior": "none"})

    assert (trial.status, trial.trial_end, item(trial).current_period_end) == ("trialing", until, until)
    shop.advance(days=10, hours=2)
    over = shop.stripe.v1.subscriptions.retrieve(subscription.id)
    assert (over.status, over.billing_cycle_anchor) == ("active", until)
    assert [invoice.amount_paid for invoice in invoices(shop)] == [3000, 0, 3000]


def test_a_trial_ended_now(shop: Shop) -> None:
    session = shop.monthly(3000, subscription_data={"trial_period_days": 14})
    shop.pay(session.id)
    done = shop.stripe.v1.checkout.sessions.retrieve(session.id)

    active = shop.stripe.v1.subscriptions.update(str(done.subscription), {"trial_end": "now"})

    assert (active.status, on(item(active).current_period_end)[:10]) == ("active", "2026-05-01")
    assert [invoice.amount_paid for invoice in invoices(shop)] == [3000, 0]


def test_pausing_credits_what_is_unused_and_bills_nothing(shop: Shop) -> None:
    subscription = subscribed(shop, 3000)
    shop.advance(days=15)

    paused = shop.stripe.v1.subscriptions.pause(subscription.id)

    assert (paused.status, shop.events()[-1]) == ("paused", "customer.subscription.paused")
    assert paused.status_details is not None
    assert paused.status_details.paused.subscription.type == "pause_requested"
    shop.advance(days=60)
    assert len(invoices(shop)) == 1
    resumed = shop.stripe.v1.subscriptions.resume(subscription.id)
    assert (resumed.status, resumed.status_details) == ("active", None)
    assert amounts(invoices(shop)[0]) == [-1500, 3000]
    assert on(item(resumed).current_period_start)[:10] == "2026-06-15"
    assert "customer.subscription.resumed" in shop.events()
    shop.advance(days=31)
    assert amounts(invoices(shop)[0]) == [3000]


def test_pausing_without_credit(shop: Shop) -> None:
    subscription = subscribed(shop, 3000)
    shop.advance(days=15)

    shop.stripe.v1.subscriptions.pause(subscription.id, {"bill_for": {"unused_time_from": {"type": "none"}}})
    shop.stripe.v1.subscriptions.resume(subscription.id)

    assert amounts(invoices(shop)[0]) == [3000]


def test_a_pause_may_be_settled_at_once(shop: Shop) -> None:
    subscription = subscribed(shop, 3000)
    shop.advance(days=15)

    shop.stripe.v1.subscriptions.pause(subscription.id, {"invoicing_behavior": "invoice"})

    assert (amounts(invoices(shop)[0]), balance(shop, subscription)) == ([-1500], -1500)


def test_resuming_in_the_old_cycle(shop: Shop) -> None:
    subscription = subscribed(shop, 3000)
    shop.stripe.v1.subscriptions.pause(subscription.id, {"bill_for": {"unused_time_from": {"type": "none"}}})
    shop.advance(days=75)

    params: Any = {"billing_cycle_anchor": {"type": "unchanged"}, "proration_behavior": "always_invoice"}
    resumed = shop.stripe.v1.subscriptions.resume(subscription.id, params)

    assert resumed.billing_cycle_anchor == subscription.billing_cycle_anchor
    assert on(item(resumed).current_period_end)[:10] == "2026-07-01"
    assert amounts(invoices(shop)[0]) == [1600], "sixteen of the thirty days from 15 June"


def test_resuming_only_with_the_money(shop: Shop) -> None:
    subscription = shop.subscribed(BAD)
    shop.stripe.v1.subscriptions.pause(subscription.id, {"bill_for": {"unused_time_from": {"type": "none"}}})

    waiting = shop.stripe.v1.subscriptions.resume(subscription.id, {"payment_behavior": "resume_on_payment_success"})
    assert (waiting.status, "customer.subscription.resumed" in shop.events()) == ("paused", False)
    shop.door(f"customers/{subscription.customer}/card", {"number": VISA})
    shop.stripe.v1.invoices.pay(str(waiting.latest_invoice))

    assert shop.stripe.v1.subscriptions.retrieve(subscription.id).status == "active"
    assert "customer.subscription.resumed" in shop.events()


def test_what_cannot_be_paused_or_resumed(shop: Shop) -> None:
    subscription = shop.subscribed()
    with pytest.raises(stripe.InvalidRequestError, match="cannot be resumed"):
        shop.stripe.v1.subscriptions.resume(subscription.id)
    shop.stripe.v1.subscriptions.pause(subscription.id)
    with pytest.raises(stripe.InvalidRequestError, match="cannot be paused"):
        shop.stripe.v1.subscriptions.pause(subscription.id)


def test_dunning_may_end_in_a_pause(shop: Shop) -> None:
    shop.door("settings", {"dunning_days": [2, 5], "dunning_end": "pause"})
    subscription = shop.subscribed(BAD)

    shop.advance(days=30, hours=2)
    first = invoices(shop)[0]
    shop.advance(days=6)

    paused = shop.stripe.v1.subscriptions.retrieve(subscription.id)
    assert first.next_payment_attempt == pytest.approx(first.created + 3600 + 2 * 86_400, abs=5)
    assert shop.stripe.v1.invoices.retrieve(str(first.id)).attempt_count == 3
    assert paused.status == "paused"
    assert paused.status_details is not None
    assert paused.status_details.paused.subscription.type == "final_payment_failure"


def test_cancelling_with_a_last_settlement(shop: Shop) -> None:
    subscription = subscribed(shop, 3000)
    shop.advance(days=15)

    ended = shop.stripe.v1.subscriptions.cancel(subscription.id, {"invoice_now": True, "prorate": True})

    last = invoices(shop)[0]
    assert (ended.status, ended.latest_invoice, amounts(last)) == ("canceled", last.id, [-1500])
    assert balance(shop, subscription) == -1500
    assert shop.events()[-1] == "customer.subscription.deleted"


def test_cancelling_without_one(shop: Shop) -> None:
    subscription = subscribed(shop, 3000)

    shop.stripe.v1.subscriptions.cancel(subscription.id, {"invoice_now": False, "prorate": False})

    assert (len(invoices(shop)), balance(shop, subscription)) == (1, 0)


def subscribe(shop: Shop, number: str = "pm_card_visa", **params: Any) -> stripe.Subscription:
    """By API, for a customer with this card as the default."""
    customer = shop.stripe.v1.customers.create({"email": "ada@example.org"})
    card = shop.stripe.v1.payment_methods.attach(number, {"customer": customer.id})
    shop.stripe.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": card.id}})
    made = shop.stripe.v1.prices.create(
        {"currency": "usd", "unit_amount": 3000, "recurring": {"interval": "month"}, "product_data": {"name": "Seed"}}
    )
    given: Any = {"customer": customer.id, "items": [{"price": made.id}], **params}
    return shop.stripe.v1.subscriptions.create(given)


def test_a_start_by_api(shop: Shop) -> None:
    subscription = subscribe(shop, metadata={"plan": "7"})

    (invoice,) = invoices(shop)
    assert (subscription.status, subscription.metadata["plan"]) == ("active", "7")
    assert (invoice.billing_reason, invoice.status, invoice.amount_paid) == ("subscription_create", "paid", 3000)
    shop.advance(days=31)
    assert [invoice.amount_paid for invoice in invoices(shop)] == [3000, 3000]


def test_a_start_on_the_first(shop: Shop) -> None:
    shop.advance(days=15)
    config = {"day_of_month": 1, "hour": 0, "minute": 0, "second": 0}

    subscription = subscribe(shop, billing_cycle_anchor_config=config)

    assert on(item(subscription).current_period_end) == "2026-05-01 00:00"
    assert [invoice.amount_paid for invoice in invoices(shop)] == [1500]


def test_a_refused_start_is_incomplete_and_expires(shop: Shop) -> None:
    subscription = subscribe(shop, "pm_card_chargeCustomerFail", expand=["latest_invoice"])

    assert (subscription.status, subscription.latest_invoice.status) == ("incomplete", "open")
    assert subscription.latest_invoice.next_payment_attempt is None
    shop.advance(hours=24)
    expired = shop.stripe.v1.subscriptions.retrieve(subscription.id)
    assert expired.status == "incomplete_expired"
    assert invoices(shop)[0].status == "void"
    shop.advance(days=40)
    assert len(invoices(shop)) == 1


def test_a_refused_start_that_is_paid_in_time(shop: Shop) -> None:
    subscription = subscribe(shop, "pm_card_chargeCustomerFail")
    shop.door(f"customers/{subscription.customer}/card", {"number": VISA})

    shop.stripe.v1.invoices.pay(str(subscription.latest_invoice))
    shop.advance(hours=24)

    assert shop.stripe.v1.subscriptions.retrieve(subscription.id).status == "active"


def test_a_start_may_be_an_error_or_left_to_the_payer(shop: Shop) -> None:
    with pytest.raises(stripe.CardError):
        subscribe(shop, "pm_card_chargeCustomerFail", payment_behavior="error_if_incomplete")
    assert invoices(shop) == []

    waiting = subscribe(shop, payment_behavior="default_incomplete", expand=["latest_invoice.confirmation_secret"])

    assert waiting.status == "incomplete"
    assert waiting.latest_invoice.confirmation_secret.client_secret.startswith("pi_")


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({"items": []}, "items"),
        ({"billing_cycle_anchor_config": {"day_of_month": 32}}, "day_of_month"),
        ({"billing_cycle_anchor_config": {"day_of_month": 1, "hour": 24}}, "hour"),
        ({"billing_cycle_anchor": 1}, "future"),
        ({"trial_end": 9_999_999_999, "trial_period_days": 3}, "only specify one"),
        ({"discounts": [{"coupon": "x"}]}, "does not simulate"),
        ({"default_payment_method": "pm_other"}, "No such"),
    ],
)
def test_a_start_that_is_refused(shop: Shop, params: dict[str, Any], match: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=match):
        subscribe(shop, **params)

    assert invoices(shop) == []
