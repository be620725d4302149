"""The endpoints that pause and resume a subscription: not `pause_collection`, which goes on making invoices."""

from __future__ import annotations

from typing import Any

from sandbox.context import Context
from sandbox.engine import changing, collecting, pausing, prorating
from sandbox.errors import invalid
from sandbox.handlers import refuse_unsimulated
from sandbox.handlers.subscriptions import running
from sandbox.objects import Object

Params = dict[str, Any]
PAUSABLE = ("active", "past_due", "trialing")


def pause(ctx: Context, params: Params, identifier: str) -> Object:
    """POST /v1/subscriptions/:id/pause; time that was paid and is not used is credited unless `bill_for` says no."""
    subscription = running(ctx, identifier)
    if subscription["status"] not in PAUSABLE:
        raise invalid(f"This subscription cannot be paused because its status is `{subscription['status']}`.")
    unused = (params.get("bill_for") or {}).get("unused_time_from", {}).get("type", "now")
    now, items = ctx.now(), subscription["items"]["data"]
    since = {"now": now, "item_current_period_start": items[0]["current_period_start"]}.get(unused)
    if since is not None:
        prorating.note(ctx, subscription, prorating.credits(ctx, items, since))
    for item in items:
        prorating.debited(ctx, item, 0)
    invoice = None
    if params.get("invoicing_behavior") == "invoice":
        invoice = changing.draft(ctx, subscription)
    pausing.pause(ctx, subscription, reason="pause_requested")
    if invoice is not None:
        collecting.bill(ctx, invoice)
    return subscription


def resume(ctx: Context, params: Params, identifier: str) -> Object:
    """POST /v1/subscriptions/:id/resume; by default a new cycle begins, and is asked for, now."""
    refuse_unsimulated(params, ("proration_date",))
    subscription = running(ctx, identifier)
    if subscription["status"] != "paused":
        raise invalid(f"This subscription cannot be resumed because its status is `{subscription['status']}`.")
    changing.resume(
        ctx,
        subscription,
        anchor=(params.get("billing_cycle_anchor") or {}).get("type", "now"),
        behavior=params.get("proration_behavior", "create_prorations"),
        wait_for_payment=params.get("payment_behavior") == "resume_on_payment_success",
    )
    return subscription
