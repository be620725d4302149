"""Subscriptions: they start, roll over into the next period, and end."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from sandbox.context import Context
from sandbox.engine import calendar, ending, invoicing
from sandbox.events import emit, snapshot
from sandbox.objects import Object
from sandbox.objects import subscription as subscriptions
from sandbox.settings import DAY_S


def start(ctx: Context, session: Object, customer: Object, method: Object, intent: Object | None) -> Object:
    """A subscription bought on the payment page, its first invoice already paid by `intent` (None when nothing is due).

    The customer has paid by now: since 2025 Checkout makes the subscription after the payment.
    """
    hidden = ctx.store.hidden(session["id"])
    data, now = hidden.get("subscription_data") or {}, ctx.now()
    lines = [line for line in hidden["line_items"] if line["price"]["recurring"]]
    schedule = first_period(data, lines[0]["price"]["recurring"], now)
    subscription = ctx.store.add(
        subscriptions.build(customer["id"], session["currency"], now, schedule.anchor, data=data, method=method["id"])
    )
    subscription["items"]["data"] = [
        subscriptions.item(subscription["id"], line["price"], line["quantity"], now, schedule.period) for line in lines
    ]
    begin(subscription, schedule)
    amounts = [line["amount_subtotal"] for line in lines]
    invoice = invoicing.first(ctx, subscription, customer, hidden["line_items"], amounts)
    subscription["latest_invoice"] = invoice["id"]
    emit(ctx, "customer.subscription.created", subscription)
    invoicing.open_and_settle(ctx, invoice, intent)
    plan_next(ctx, subscription)
    return subscription


class FirstPeriod:
    """When a new subscription's first period runs, what anchors the later ones, and its share of a full one's price."""

    def __init__(self, anchor: int, period: tuple[int, int], share: Fraction, *, trial: bool = False) -> None:
        self.anchor, self.period, self.share, self.trial = anchor, period, share, trial


def first_period(data: dict[str, Any], recurring: Object, now: int) -> FirstPeriod:
    """From `subscription_data` or create parameters: a trial, a part of a period until an anchor ahead, or a full one.

    The part costs its share of the time, or nothing with `proration_behavior=none`.
    """
    given = data.get("trial_end")
    trial_end = given if isinstance(given, int) else data.get("trial_period_days", 0) * DAY_S + now
    if trial_end > now:
        return FirstPeriod(trial_end, (now, trial_end), Fraction(0), trial=True)
    config = data.get("billing_cycle_anchor_config")
    anchor = calendar.anchor_from_config(config, now) if config else data.get("billing_cycle_anchor", now)
    if anchor > now:
        full_start = calendar.boundary(anchor, recurring, -1, day_of_month=config["day_of_month"] if config else None)
        share = min(Fraction(anchor - now, anchor - full_start), Fraction(1))
        return FirstPeriod(anchor, (now, anchor), Fraction(0) if data.get("proration_behavior") == "none" else share)
    end = calendar.next_boundary(now, recurring, now, day_of_month=config["day_of_month"] if config else None)
    return FirstPeriod(now, (now, end), Fraction(1))


def renew(ctx: Context, subscription_id: str, due: int) -> None:
    """A period is over: end the subscription if that was asked for, otherwise roll on and invoice the next period."""
    subscription = ctx.store.get("subscription", subscription_id)
    items = subscription["items"]["data"]
    if subscription["status"] in (*ending.ENDED, "paused", "incomplete") or period_of(subscription)[1] != due:
        return
    if subscription["cancel_at_period_end"]:
        ending.cancel(ctx, subscription, reason="cancellation_requested")
        return
    before = snapshot(subscription)
    ended = period_of(subscription)
    for item in items:
        item["current_period_start"] = due
        item["current_period_end"] = item["billed_until"] = next_end(subscription, item, due)
    if subscription["status"] == "trialing":
        subscription["status"] = "active"
    invoice = invoicing.draft_renewal(ctx, subscription, ended)
    subscription["latest_invoice"] = invoice["id"]
    emit(ctx, "customer.subscription.updated", subscription, before=before)
    emit(ctx, "invoice.created", invoice)
    plan_next(ctx, subscription)


def announce(ctx: Context, subscription_id: str, due: int) -> None:
    """Days before a renewal: invoice.upcoming, unless the subscription ends first. Nothing is stored."""
    subscription = ctx.store.get("subscription", subscription_id)
    start = period_of(subscription)[1]
    if start - ctx.settings.upcoming_before_s != due:
        return  # announced for a period that a change has moved
    if subscription["status"] in ("active", "trialing") and subscription["cancel_at"] is None:
        periods = {item["id"]: (start, next_end(subscription, item, start)) for item in subscription["items"]["data"]}
        emit(ctx, "invoice.upcoming", invoicing.preview(ctx, subscription, periods))


def cancel_when_due(ctx: Context, subscription_id: str, due: int) -> None:
    """The moment in `cancel_at` has come."""
    subscription = ctx.store.get("subscription", subscription_id)
    if subscription["status"] not in ending.ENDED and subscription["cancel_at"] == due:
        ending.cancel(ctx, subscription, reason="cancellation_requested")


def resume_collection(ctx: Context, subscription_id: str, due: int) -> None:
    """The moment in `pause_collection.resumes_at` has come."""
    subscription = ctx.store.get("subscription", subscription_id)
    pause = subscription["pause_collection"]
    if pause is None or pause["resumes_at"] != due or subscription["status"] in ending.ENDED:
        return
    before = snapshot(subscription)
    subscription["pause_collection"] = None
    emit(ctx, "customer.subscription.updated", subscription, before=before)


def period_of(subscription: Object) -> tuple[int, int]:
    """Start and end of the current period, which Stripe keeps on the items."""
    first = subscription["items"]["data"][0]
    return first["current_period_start"], first["current_period_end"]


def begin(subscription: Object, schedule: FirstPeriod) -> None:
    """The status of a subscription whose first invoice is paid, or asks for nothing."""
    subscription["status"] = "trialing" if schedule.trial else "active"
    if schedule.trial:
        subscription["trial_start"], subscription["trial_end"] = schedule.period


def next_end(subscription: Object, item: Object, due: int) -> int:
    """When an item's period that starts at `due` is over."""
    config = subscription["billing_cycle_anchor_config"]
    return calendar.next_boundary(
        subscription["billing_cycle_anchor"],
        item["price"]["recurring"],
        due,
        day_of_month=config["day_of_month"] if config else None,
    )


def plan_next(ctx: Context, subscription: Object) -> None:
    """Renew at the end of the current period, and announce it before; a change of period makes both void."""
    end = period_of(subscription)[1]
    ctx.store.schedule(end, "renew", subscription["id"])
    announced_at = end - ctx.settings.upcoming_before_s
    if announced_at > ctx.now():
        ctx.store.schedule(announced_at, "announce", subscription["id"])
