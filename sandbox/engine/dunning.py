"""A renewal that is refused: Stripe asks again on a schedule, then gives up as the account's settings say."""

from __future__ import annotations

from sandbox.cards import Decline
from sandbox.context import Context
from sandbox.engine import ending
from sandbox.events import emit, snapshot
from sandbox.objects import Object
from sandbox.settings import DAY_S


def payment_failed(ctx: Context, invoice: Object, subscription: Object, decline: Decline) -> None:
    """Count the attempt, plan the next one or give up. Order of events: rules/stripe.md 4."""
    before = snapshot(invoice)
    hidden = ctx.store.hidden(invoice["id"])
    first_failed_at = hidden.setdefault("first_failed_at", ctx.now())
    attempt = invoice["attempt_count"]
    retry_days = ctx.settings.dunning_days[attempt : attempt + 1]
    next_attempt = first_failed_at + retry_days[0] * DAY_S if retry_days else None
    invoice.update(
        attempt_count=attempt + 1,
        attempted=True,
        auto_advance=next_attempt is not None,
        next_payment_attempt=next_attempt,
    )
    if decline.code == "authentication_required":
        emit(ctx, "invoice.payment_action_required", invoice)
    emit(ctx, "invoice.payment_failed", invoice)
    emit(ctx, "invoice.updated", invoice, before=before)
    if next_attempt is not None:
        ctx.store.schedule(next_attempt, "retry", invoice["id"])
        _set_status(ctx, subscription, "past_due")
    else:
        _give_up(ctx, subscription)


def recovered(ctx: Context, subscription: Object) -> None:
    """A late invoice was paid: the subscription is in good standing again."""
    if subscription["status"] in ("past_due", "unpaid"):
        _set_status(ctx, subscription, "active")


def _give_up(ctx: Context, subscription: Object) -> None:
    if ctx.settings.dunning_end == "cancel":
        ending.cancel(ctx, subscription, reason="payment_failed")
    else:
        _set_status(ctx, subscription, ctx.settings.dunning_end)


def _set_status(ctx: Context, subscription: Object, status: str) -> None:
    if subscription["status"] == status:
        return
    before = snapshot(subscription)
    subscription["status"] = status
    emit(ctx, "customer.subscription.updated", subscription, before=before)
