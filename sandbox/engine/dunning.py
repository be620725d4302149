"""A renewal that is refused: Stripe asks again on a schedule, then gives up as the account's settings say."""

from __future__ import annotations

from sandbox.cards import Decline
from sandbox.context import Context
from sandbox.engine import ending, pausing
from sandbox.events import changed, emit, snapshot
from sandbox.objects import Object
from sandbox.settings import DAY_S


def payment_failed(ctx: Context, invoice: Object, subscription: Object, decline: Decline, *, automatic: bool) -> None:
    """Tell of a refused attempt; an automatic one also counts, and plans the next or gives up (rules/stripe.md 4).

    The payment that starts or resumes a subscription is not tried again by itself.
    """
    before = snapshot(invoice)
    first = subscription["status"] == "incomplete" or pausing.waits_for(ctx, subscription, invoice)
    invoice["attempted"] = True
    if automatic:
        _count(ctx, invoice, tried_again=not first)
    if decline.code == "authentication_required":
        emit(ctx, "invoice.payment_action_required", invoice)
    emit(ctx, "invoice.payment_failed", invoice)
    changed(ctx, "invoice.updated", invoice, before)
    if first or not automatic:
        return
    if invoice["next_payment_attempt"] is None:
        _give_up(ctx, subscription)
    else:
        ctx.store.schedule(invoice["next_payment_attempt"], "retry", invoice["id"])
        _set_status(ctx, subscription, "past_due")


def recovered(ctx: Context, subscription: Object, invoice: Object) -> None:
    """A late invoice was paid: the subscription is in good standing again, or goes on if it waited for this one."""
    if pausing.waits_for(ctx, subscription, invoice):
        pausing.go_on(ctx, subscription)
    elif subscription["status"] in ("incomplete", "past_due", "unpaid"):
        _set_status(ctx, subscription, "active")


def _count(ctx: Context, invoice: Object, *, tried_again: bool) -> None:
    attempt = invoice["attempt_count"]
    first_failed_at = ctx.store.hidden(invoice["id"]).setdefault("first_failed_at", ctx.now())
    days = ctx.settings.dunning_days[attempt : attempt + 1] if tried_again else ()
    next_attempt = first_failed_at + days[0] * DAY_S if days else None
    invoice.update(attempt_count=attempt + 1, auto_advance=next_attempt is not None, next_payment_attempt=next_attempt)


def _give_up(ctx: Context, subscription: Object) -> None:
    if ctx.settings.dunning_end == "cancel":
        ending.cancel(ctx, subscription, reason="payment_failed")
    elif ctx.settings.dunning_end == "pause":
        pausing.pause(ctx, subscription, reason="final_payment_failure")
    else:
        _set_status(ctx, subscription, ctx.settings.dunning_end)


def _set_status(ctx: Context, subscription: Object, status: str) -> None:
    if subscription["status"] == status:
        return
    before = snapshot(subscription)
    subscription["status"] = status
    emit(ctx, "customer.subscription.updated", subscription, before=before)
