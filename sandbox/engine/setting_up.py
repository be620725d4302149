"""A card is kept without being charged: the setup intent of a Checkout Session in setup mode."""

from __future__ import annotations

from typing import Any

from sandbox.cards import Decline
from sandbox.context import Context
from sandbox.engine.charging import error
from sandbox.events import emit, snapshot
from sandbox.objects import Object
from sandbox.objects import setup_intent as intents


def begin(ctx: Context, customer: str | None, data: dict[str, Any]) -> Object:
    """A setup intent and its `setup_intent.created`."""
    intent = ctx.store.add(intents.build(customer, data, ctx.now()))
    emit(ctx, "setup_intent.created", intent)
    return intent


def succeed(ctx: Context, intent: Object, method: Object) -> None:
    """The bank agrees that the card may be charged later."""
    intent.update(last_setup_error=None, next_action=None, payment_method=method["id"], status="succeeded")
    emit(ctx, "setup_intent.succeeded", intent)


def fail(ctx: Context, intent: Object, method: Object, decline: Decline) -> None:
    """The bank or the payer refuses; the intent waits for another card."""
    intent.update(
        last_setup_error=error(decline, method, card_error=True),
        next_action=None,
        payment_method=None,
        status="requires_payment_method",
    )
    emit(ctx, "setup_intent.setup_failed", intent)


def cancel(ctx: Context, intent: Object) -> None:
    """The session has expired."""
    before = snapshot(intent)
    intent.update(cancellation_reason="abandoned", next_action=None, status="canceled")
    emit(ctx, "setup_intent.canceled", intent, before=before)
