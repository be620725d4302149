"""The end of a subscription."""

from __future__ import annotations

from typing import Any

from sandbox.context import Context
from sandbox.events import emit, snapshot
from sandbox.objects import Object

ENDED = ("canceled", "incomplete_expired")


def cancel(ctx: Context, subscription: Object, *, reason: str, details: dict[str, Any] | None = None) -> None:
    """End a subscription now: Stripe stops collecting its open invoices and says customer.subscription.deleted."""
    now = ctx.now()
    given = {name: value or None for name, value in (details or {}).items()}
    subscription.update(
        cancellation_details=subscription["cancellation_details"] | given | {"reason": reason},
        canceled_at=subscription["canceled_at"] or now,
        ended_at=now,
        status="canceled",
    )
    _stop_collecting(ctx, subscription)
    emit(ctx, "customer.subscription.deleted", subscription)


def _stop_collecting(ctx: Context, subscription: Object) -> None:
    """After the end of a subscription nothing is collected any more: drafts and open invoices stay as they are."""
    for invoice in ctx.store.all("invoice"):
        if invoice["status"] in ("draft", "open") and _belongs_to(invoice, subscription):
            before = snapshot(invoice)
            invoice.update(auto_advance=False, automatically_finalizes_at=None, next_payment_attempt=None)
            if invoice != before:
                emit(ctx, "invoice.updated", invoice, before=before)


def _belongs_to(invoice: Object, subscription: Object) -> bool:
    return bool(invoice["parent"]["subscription_details"]["subscription"] == subscription["id"])
