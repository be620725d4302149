"""Monthly gifts: the first invoice at the page, renewals by the clock, changes and ends."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from sandbox.engine.calendar import anchor_from_config, boundary, next_boundary
from tests.sandbox.conftest import Shop

MONTHLY = {"interval": "month", "interval_count": 1}
STARTED = [
    "customer.created",
    "payment_method.attached",
    "charge.succeeded",
    "payment_intent.succeeded",
    "customer.subscription.created",
    "invoice.created",
    "invoice.finalized",
    "invoice_payment.paid",
    "invoice.updated",
    "invoice.paid",
    "invoice.payment_succeeded",
    "checkout.session.completed",
]
RENEWED = [
    "customer.subscription.updated",
    "invoice.created",
    "invoice.finalized",
    "payment_intent.created",
    "charge.succeeded",
    "payment_intent.succeeded",
    "invoice_payment.paid",
    "invoice.updated",
    "invoice.paid",
    "invoice.payment_succeeded",
]


def at(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp())  # type: ignore[misc,arg-type]


def on(unix_s: int) -> str:
    return f"{datetime.fromtimestamp(unix_s, UTC):%Y-%m-%d %H:%M}"


def start_at(shop: Shop, *parts: int) -> None:
    assert shop.door("clock", {"set": at(*parts)})["status"] == 200


def item(subscription: stripe.Subscription) -> Any:
    return subscription["items"].data[0]


@pytest.mark.parametrize(
    ("anchor", "number", "expected"),
    [
        ((2026, 1, 31, 9), 1, "2026-02-28 09:00"),
        ((2026, 1, 31, 9), 2, "2026-03-31 09:00"),
        ((2026, 1, 31, 9), 13, "2027-02-28 09:00"),
        ((2027, 12, 31, 9), 2, "2028-02-29 09:00"),
        ((2026, 11, 30, 0), 3, "2027-02-28 00:00"),
        ((2026, 5, 15, 23), 12, "2027-05-15 23:00"),
    ],
)
def test_months_are_counted_from_the_anchor(anchor: tuple[int, ...], number: int, expected: str) -> None:
    assert on(boundary(at(*anchor), MONTHLY, number)) == expected


def test_next_boundary_is_strictly_later() -> None:
    anchor = at(2020, 1, 31)

    assert on(next_boundary(anchor, MONTHLY, anchor)) == "2020-02-29 00:00"
    assert on(next_boundary(anchor, MONTHLY, at(2026, 2, 28))) == "2026-03-31 00:00"
    assert on(next_boundary(anchor, MONTHLY, at(2026, 2, 27))) == "2026-02-28 00:00"
    assert on(next_boundary(anchor, {"interval": "year", "interval_count": 2}, at(2021, 1, 1))) == "2022-01-31 00:00"
    assert on(next_boundary(anchor, {"interval": "week", "interval_count": 1}, anchor)) == "2020-02-07 00:00"


def test_anchor_on_a_day_of_the_month() -> None:
    now = at(2026, 11, 22, 4, 30, 15)

    assert on(anchor_from_config({"day_of_month": 1}, now)) == "2026-12-01 04:30"
    assert anchor_from_config({"day_of_month": 22}, now) == now
    assert on(anchor_from_config({"day_of_month": 31, "hour": 0, "minute": 0, "second": 0}, now)) == "2026-11-30 00:00"
    assert on(anchor_from_config({"day_of_month": 5, "month": 3}, now)) == "2027-03-05 04:30"


def test_the_first_gift_is_paid_at_the_page(shop: Shop) -> None:
    session = shop.monthly(subscription_data={"metadata": {"plan": "7"}}, metadata={"kind": "plan"})

    assert shop.pay(session.id).state == "succeeded"

    assert shop.events() == ["payment_intent.created", *STARTED]
    done = shop.stripe.v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription", "invoice.payments"]})
    assert (done.payment_status, done.payment_intent) == ("paid", None)
    subscription, invoice = done.subscription, done.invoice
    assert subscription.status == "active"
    assert subscription.metadata["plan"] == "7"
    assert subscription.billing_mode.type == "flexible"
    assert "current_period_end" not in subscription, "periods live on the items"
    assert item(subscription).price.unit_amount == 2500
    assert (invoice.billing_reason, invoice.status, invoice.amount_paid) == ("subscription_create", "paid", 2500)
    details = invoice.parent.subscription_details
    assert (details.subscription, details.metadata["plan"]) == (subscription.id, "7")
    line = invoice.lines.data[0]
    assert line.pricing.price_details.price == item(subscription).price.id
    assert line.parent.subscription_item_details.subscription_item == item(subscription).id
    assert invoice.payments.data[0].payment.type == "payment_intent"


def test_from_a_payment_intent_back_to_the_invoice(shop: Shop) -> None:
    subscription = shop.subscribed()
    invoice = shop.stripe.v1.invoices.retrieve(str(subscription.latest_invoice))
    assert "payments" not in invoice, "payments come only when expanded"
    assert "confirmation_secret" not in invoice
    intent = shop.stripe.v1.payment_intents.list().data[0]

    found = shop.stripe.v1.invoice_payments.list(
        {"payment": {"type": "payment_intent", "payment_intent": intent.id}, "expand": ["data.invoice"]}
    )

    assert [payment.invoice.id for payment in found.data] == [invoice.id]
    assert (found.data[0].status, found.data[0].amount_paid) == ("paid", 2500)
    elsewhere = {"type": "payment_intent", "payment_intent": "pi_other"}
    assert shop.stripe.v1.invoice_payments.list({"payment": elsewhere}).data == []


def test_a_declined_first_gift_starts_nothing(shop: Shop) -> None:
    session = shop.monthly()

    assert shop.pay(session.id, "4000000000000002").state == "declined"

    assert shop.stripe.v1.subscriptions.list({"status": "all"}).data == []
    assert shop.stripe.v1.invoices.list().data == []
    assert shop.stripe.v1.customers.list().data == []


def test_renewal_drafts_then_finalizes_an_hour_later(shop: Shop) -> None:
    start_at(shop, 2026, 1, 31, 9)
    subscription = shop.subscribed()
    end = item(subscription).current_period_end
    assert on(end) == "2026-02-28 09:00"
    before = len(shop.events())

    shop.advance(days=28)
    shop.advance(hours=0.1)

    draft = shop.stripe.v1.invoices.list().data[0]
    assert (draft.status, draft.billing_reason, draft.amount_due) == ("draft", "subscription_cycle", 2500)
    assert draft.automatically_finalizes_at == pytest.approx(end + 3600, abs=5)
    assert (draft.period_start, draft.period_end) == (item(subscription).current_period_start, end)
    assert shop.events_since(before) == ["charge.updated", "invoice.upcoming", *RENEWED[:2]]

    shop.advance(hours=1)

    paid = shop.stripe.v1.invoices.retrieve(draft.id)
    assert (paid.status, paid.amount_paid, paid.attempt_count) == ("paid", 2500, 1)
    assert shop.events_since(before) == ["charge.updated", "invoice.upcoming", *RENEWED]
    rolled = shop.stripe.v1.subscriptions.retrieve(subscription.id)
    assert on(item(rolled).current_period_end) == "2026-03-31 09:00", "the end of the month is not lost in February"
    assert rolled.latest_invoice == paid.id
    assert paid.lines.data[0].period.start == end


def test_a_renewal_is_announced_a_week_before(shop: Shop) -> None:
    start_at(shop, 2026, 1, 31, 9)
    subscription = shop.subscribed()

    shop.advance(days=21, hours=1)

    event = shop.stripe.v1.events.list().data[0]
    preview = event.data.object
    assert (event.type, on(event.created)) == ("invoice.upcoming", "2026-02-21 09:00")
    assert (preview["billing_reason"], preview["status"], preview["amount_due"]) == ("upcoming", "draft", 2500)
    period = preview["lines"]["data"][0]["period"]
    assert (on(period["start"]), on(period["end"])) == ("2026-02-28 09:00", "2026-03-31 09:00")
    assert len(shop.stripe.v1.invoices.list().data) == 1, "a preview is not an invoice"
    shop.stripe.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    shop.advance(days=60)
    assert shop.events().count("invoice.upcoming") == 1


def test_a_year_of_renewals_in_one_step(shop: Shop) -> None:
    start_at(shop, 2026, 1, 31, 9)
    subscription = shop.subscribed()

    shop.advance(days=365, hours=2)

    invoices = shop.stripe.v1.invoices.list({"subscription": subscription.id, "limit": 100}).data
    assert [invoice.amount_paid for invoice in invoices] == [2500] * 13
    assert len({invoice.number for invoice in invoices}) == 13
    days = [on(invoice.created)[:10] for invoice in reversed(invoices)]
    assert days[:4] == ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]
    charges = shop.stripe.v1.charges.list({"limit": 100}).data
    assert len(charges) == 13
    created = [charge.created for charge in charges]
    assert created == sorted(created, reverse=True), "each at its own moment"


def test_cancelling_ends_it_now(shop: Shop) -> None:
    subscription = shop.subscribed()

    ended = shop.stripe.v1.subscriptions.cancel(
        subscription.id, {"cancellation_details": {"feedback": "too_expensive", "comment": "Sorry"}}
    )

    assert (ended.status, ended.ended_at) == ("canceled", ended.canceled_at)
    assert ended.cancellation_details.reason == "cancellation_requested"
    assert ended.cancellation_details.feedback == "too_expensive"
    assert shop.events()[-1] == "customer.subscription.deleted"
    shop.advance(days=70)
    assert len(shop.stripe.v1.invoices.list().data) == 1, "nothing is billed any more"
    with pytest.raises(stripe.InvalidRequestError):
        shop.stripe.v1.subscriptions.cancel(subscription.id)


def test_cancelling_at_the_end_of_the_period(shop: Shop) -> None:
    subscription = shop.subscribed()

    asked = shop.stripe.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})

    assert (asked.status, asked.cancel_at_period_end) == ("active", True)
    assert asked.cancel_at == item(subscription).current_period_end
    shop.advance(days=32)
    over = shop.stripe.v1.subscriptions.retrieve(subscription.id)
    assert over.status == "canceled"
    assert over.ended_at == pytest.approx(asked.cancel_at, abs=2)
    assert shop.events().count("customer.subscription.deleted") == 1
    assert len(shop.stripe.v1.invoices.list().data) == 1


def test_changing_ones_mind_about_cancelling(shop: Shop) -> None:
    subscription = shop.subscribed()
    shop.stripe.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})

    kept = shop.stripe.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": False})

    assert (kept.cancel_at, kept.canceled_at, kept.cancellation_details.reason) == (None, None, None)
    shop.advance(days=32)
    assert len(shop.stripe.v1.invoices.list().data) == 2


def test_cancelling_at_a_moment(shop: Shop) -> None:
    subscription = shop.subscribed()
    moment = shop.box.ctx.now() + 10 * 86_400

    shop.stripe.v1.subscriptions.update(subscription.id, {"cancel_at": moment})
    shop.advance(days=9)
    assert shop.stripe.v1.subscriptions.retrieve(subscription.id).status == "active"
    shop.advance(days=2)

    assert shop.stripe.v1.subscriptions.retrieve(subscription.id).status == "canceled"


def test_a_new_amount_counts_from_the_next_renewal(shop: Shop) -> None:
    subscription = shop.subscribed()
    product = item(subscription).price.product
    price_data = {
        "currency": "usd",
        "product": product,
        "unit_amount": 4000,
        "recurring": {"interval": "month"},
    }
    change: Any = {"items": [{"id": item(subscription).id, "price_data": price_data}]}

    changed = shop.stripe.v1.subscriptions.update(subscription.id, change | {"proration_behavior": "none"})

    assert item(changed).price.unit_amount == 4000
    assert item(changed).plan.amount == 4000
    told = shop.stripe.v1.events.list({"type": "customer.subscription.updated"}).data
    assert len(told) == 1
    assert told[0].data.previous_attributes["items"]["data"][0]["price"]["unit_amount"] == 2500
    shop.advance(days=32)
    assert shop.stripe.v1.invoices.list().data[0].amount_paid == 4000


@pytest.mark.parametrize(
    ("behavior", "status"), [("void", "void"), ("mark_uncollectible", "uncollectible"), ("keep_as_draft", "draft")]
)
def test_pausing_collection_keeps_the_subscription_active(shop: Shop, behavior: str, status: str) -> None:
    subscription = shop.subscribed()
    paused = shop.stripe.v1.subscriptions.update(
        subscription.id,
        {"pause_collection": {"behavior": behavior}},  # type: ignore[typeddict-item]
    )
    assert (paused.status, paused.pause_collection.behavior) == ("active", behavior)

    shop.advance(days=32)

    assert shop.stripe.v1.invoices.list().data[0].status == status
    assert len(shop.stripe.v1.charges.list().data) == 1
    shop.stripe.v1.subscriptions.update(subscription.id, {"pause_collection": ""})
    shop.advance(days=31)
    assert shop.stripe.v1.invoices.list().data[0].status == "paid"


def test_a_pause_ends_by_itself(shop: Shop) -> None:
    subscription = shop.subscribed()
    resumes_at = shop.box.ctx.now() + 5 * 86_400
    shop.stripe.v1.subscriptions.update(
        subscription.id, {"pause_collection": {"behavior": "void", "resumes_at": resumes_at}}
    )

    shop.advance(days=6)

    assert shop.stripe.v1.subscriptions.retrieve(subscription.id).pause_collection is None
    assert shop.events()[-1] == "customer.subscription.updated"


def test_a_trial_is_free_and_then_billed(shop: Shop) -> None:
    session = shop.monthly(subscription_data={"trial_period_days": 14})
    assert session.amount_total == 0

    shop.pay(session.id)

    done = shop.stripe.v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription", "invoice"]})
    assert done.payment_status == "no_payment_required"
    assert done.subscription.status == "trialing"
    assert (done.invoice.status, done.invoice.amount_paid) == ("paid", 0)
    assert shop.stripe.v1.charges.list().data == []
    shop.advance(days=14, hours=2)
    assert shop.stripe.v1.subscriptions.retrieve(done.subscription.id).status == "active"
    assert shop.stripe.v1.invoices.list().data[0].amount_paid == 2500


def test_everyone_billed_on_the_first(shop: Shop) -> None:
    start_at(shop, 2026, 11, 22, 9)
    anchored = {"billing_cycle_anchor_config": {"day_of_month": 31}, "proration_behavior": "none"}

    subscription = shop.subscribed(subscription_data=anchored)

    assert on(item(subscription).current_period_end) == "2026-11-30 09:00"
    assert shop.stripe.v1.invoices.list().data[0].amount_paid == 0
    shop.advance(days=9)
    assert shop.stripe.v1.invoices.list().data[0].amount_paid == 2500
    rolled = shop.stripe.v1.subscriptions.retrieve(subscription.id)
    assert on(item(rolled).current_period_end) == "2026-12-31 09:00", "the configured day, not November's last"


def test_a_first_period_in_part_costs_its_part(shop: Shop) -> None:
    start_at(shop, 2026, 11, 16, 0)
    data = {"billing_cycle_anchor_config": {"day_of_month": 1, "hour": 0, "minute": 0, "second": 0}}

    session = shop.monthly(3000, subscription_data=data)
    shop.pay(session.id)
    shop.advance(days=15, hours=2)

    invoices = shop.stripe.v1.invoices.list().data
    assert session.amount_total == 1500
    assert [invoice.amount_paid for invoice in invoices] == [3000, 1500]
    assert on(invoices[0].created)[:10] == "2026-12-01"


@pytest.mark.parametrize(
    ("config", "now", "expected"),
    [
        ({"day_of_month": 29}, (2027, 2, 10, 8), "2027-02-28 08:00"),
        ({"day_of_month": 29}, (2028, 2, 10, 8), "2028-02-29 08:00"),
        ({"day_of_month": 30}, (2027, 1, 31, 8), "2027-02-28 08:00"),
        ({"day_of_month": 31, "hour": 6}, (2027, 4, 30, 8), "2027-05-31 06:00"),
        ({"day_of_month": 31, "hour": 23, "minute": 59, "second": 59}, (2026, 12, 31, 23), "2026-12-31 23:59"),
        ({"day_of_month": 31, "hour": 0, "minute": 0, "second": 0}, (2026, 12, 31, 23), "2027-01-31 00:00"),
    ],
)
def test_a_configured_day_in_short_months(config: dict[str, int], now: tuple[int, ...], expected: str) -> None:
    assert on(anchor_from_config(config, at(*now))) == expected


def test_a_configured_day_comes_back_after_a_short_month(shop: Shop) -> None:
    start_at(shop, 2027, 1, 10, 9)
    config = {"day_of_month": 30, "hour": 6, "minute": 30, "second": 0}

    subscription = shop.subscribed(
        subscription_data={"billing_cycle_anchor_config": config, "proration_behavior": "none"}
    )
    shop.advance(days=85)

    days = [on(invoice.created) for invoice in shop.stripe.v1.invoices.list().data]
    assert days[:3] == ["2027-03-30 06:30", "2027-02-28 06:30", "2027-01-30 06:30"]
    assert subscription.billing_cycle_anchor_config.day_of_month == 30


def test_deleting_the_customer_ends_the_subscription(shop: Shop) -> None:
    subscription = shop.subscribed()

    gone = shop.stripe.v1.customers.delete(str(subscription.customer))

    assert gone.deleted is True
    assert shop.stripe.v1.subscriptions.retrieve(subscription.id).status == "canceled"
    assert shop.events()[-2:] == ["customer.subscription.deleted", "customer.deleted"]
    assert shop.stripe.v1.customers.retrieve(str(subscription.customer)).deleted is True
    assert shop.stripe.v1.customers.list().data == []
    with pytest.raises(stripe.InvalidRequestError):
        shop.stripe.v1.customers.update(str(subscription.customer), {"name": "x"})


def test_lists_leave_out_what_was_cancelled(shop: Shop) -> None:
    first, second = shop.subscribed(), shop.subscribed()
    shop.stripe.v1.subscriptions.cancel(first.id)

    def listed(**params: Any) -> list[str]:
        return [entry.id for entry in shop.stripe.v1.subscriptions.list(params).data]

    assert listed() == [second.id]
    assert listed(status="all") == [second.id, first.id]
    assert listed(status="canceled") == listed(status="ended") == [first.id]
    assert listed(customer=str(second.customer), price=item(second).price.id) == [second.id]
    assert listed(customer=str(second.customer), price=item(first).price.id) == []
