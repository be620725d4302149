"""A subscription pauses: nothing is invoiced and no period begins, until it goes on."""

from __future__ import annotations

from sandbox.context import Context
from sandbox.events import emit, snapshot
from sandbox.objects import Object


def pause(ctx: Context, subscription: Object, *, reason: str) -> None:
    """Paused now; `reason` is Stripe's word, pause_requested or final_payment_failure."""
    before = snapshot(subscription)
    subscription["status"] = "paused"
    subscription["status_details"] = {
        "paused": {"subscription": {"type": reason}, "transitioned_at": ctx.now(), "type": "subscription"}
    }
    emit(ctx, "customer.subscription.paused", subscription, before=before)


def go_on(ctx: Context, subscription: Object) -> None:
    """Active again."""
    before = snapshot(subscription)
    ctx.store.hidden(subscription["id"]).pop("resumes_with", None)
    subscription.update(status="active", status_details=None)
    emit(ctx, "customer.subscription.resumed", subscription, before=before)


def wait_for(ctx: Context, subscription: Object, invoice: Object) -> None:
    """Go on only once this invoice is paid."""
    ctx.store.hidden(subscription["id"])["resumes_with"] = invoice["id"]


def waits_for(ctx: Context, subscription: Object, invoice: Object) -> bool:
    """Whether it goes on once this invoice is paid."""
    return bool(ctx.store.hidden(subscription["id"]).get("resumes_with") == invoice["id"])
