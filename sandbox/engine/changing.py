"""A running subscription takes another course: its cycle starts anew, a trial begins or ends, it is resumed."""

from __future__ import annotations

from sandbox.context import Context
from sandbox.engine import billing, collecting, invoicing, pausing, prorating
from sandbox.events import emit, snapshot
from sandbox.objects import Object
from sandbox.settings import HOUR_S

FIRST_PAYMENT_S = 23 * HOUR_S


def restart(ctx: Context, subscription: Object) -> Object:
    """A new cycle from now; returns the draft for it, with everything that was pending."""
    now = ctx.now()
    subscription.update(billing_cycle_anchor=now, billing_cycle_anchor_config=None)
    for item in subscription["items"]["data"]:
        item["current_period_start"] = now
        item["current_period_end"] = item["billed_until"] = billing.next_end(subscription, item, now)
    billing.plan_next(ctx, subscription)
    return draft(ctx, subscription, whole_period=True)


def draft(ctx: Context, subscription: Object, *, whole_period: bool = False) -> Object:
    """An invoice between two renewals, which is the subscription's latest from now on; `bill` asks for it."""
    invoice = invoicing.draft_change(ctx, subscription, whole_period=whole_period)
    subscription["latest_invoice"] = invoice["id"]
    return invoice


def start_trial(ctx: Context, subscription: Object, until: int) -> Object | None:
    """Free until a moment, which anchors the cycle from then on; the draft says so unless it was a trial already."""
    was_trial = subscription["status"] == "trialing"
    now = ctx.now()
    subscription.update(
        billing_cycle_anchor=until,
        billing_cycle_anchor_config=None,
        status="trialing",
        trial_end=until,
        trial_start=subscription["trial_start"] if was_trial else now,
    )
    for item in subscription["items"]["data"]:
        item["current_period_start"] = item["current_period_start"] if was_trial else now
        item["current_period_end"] = item["billed_until"] = until
        prorating.debited(ctx, item, 0)
    billing.plan_next(ctx, subscription)
    return None if was_trial else draft(ctx, subscription, whole_period=True)


def end_trial(ctx: Context, subscription: Object) -> Object:
    """The trial is over now, and the first period begins."""
    subscription.update(status="active", trial_end=ctx.now())
    return restart(ctx, subscription)


def resume(ctx: Context, subscription: Object, *, anchor: str, behavior: str, wait_for_payment: bool) -> None:
    """Go on, with a new cycle from now or in the old one; with `wait_for_payment` only once the invoice is paid."""
    invoice = None
    if anchor == "now":
        invoice = restart(ctx, subscription)
    else:
        _catch_up(ctx, subscription, behavior)
        if behavior == "always_invoice":
            invoice = draft(ctx, subscription)
    if invoice is not None and wait_for_payment and invoice["amount_due"] > 0:
        pausing.wait_for(ctx, subscription, invoice)
    else:
        pausing.go_on(ctx, subscription)
    if invoice is not None:
        collecting.bill(ctx, invoice)


def expire_incomplete(ctx: Context, subscription_id: str, _due: int) -> None:
    """23 hours without the first payment: it never was one, and its invoice is void."""
    subscription = ctx.store.get("subscription", subscription_id)
    if subscription["status"] != "incomplete":
        return
    before = snapshot(subscription)
    subscription.update(status="incomplete_expired", ended_at=ctx.now())
    invoicing.void(ctx, ctx.store.get("invoice", subscription["latest_invoice"]))
    emit(ctx, "customer.subscription.updated", subscription, before=before)


def _catch_up(ctx: Context, subscription: Object, behavior: str) -> None:
    """Into the period of the old cycle that runs now, of which the rest is debited."""
    now = ctx.now()
    for item in subscription["items"]["data"]:
        while item["current_period_end"] <= now:
            item["current_period_start"] = item["current_period_end"]
            item["current_period_end"] = billing.next_end(subscription, item, item["current_period_end"])
        item["billed_until"] = item["current_period_end"]
    if behavior != "none":
        items = subscription["items"]["data"]
        prorating.note(ctx, subscription, prorating.differences(ctx, [], items, now))
    billing.plan_next(ctx, subscription)
