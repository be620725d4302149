"""Asking for the money of an invoice: an hour after the draft, and again when it was refused."""

from __future__ import annotations

from sandbox.cards import Decline
from sandbox.context import Context
from sandbox.engine import charging, dunning, invoicing
from sandbox.events import emit
from sandbox.objects import Object

PAUSED_TO = {
    "mark_uncollectible": ("uncollectible", "marked_uncollectible_at", "invoice.marked_uncollectible"),
    "void": ("void", "voided_at", "invoice.voided"),
}


def finalize_when_due(ctx: Context, invoice_id: str, _due: int) -> None:
    """A draft's hour is over: open it and ask the card, or do what the subscription's pause says."""
    invoice = ctx.store.get("invoice", invoice_id)
    if invoice["status"] != "draft" or not invoice["auto_advance"]:
        return
    subscription = invoicing.subscription_of(ctx, invoice)
    pause = subscription["pause_collection"]
    if pause is not None and pause["behavior"] == "keep_as_draft":
        invoice.update(auto_advance=False, automatically_finalizes_at=None)
        return
    invoicing.open_draft(ctx, invoice)
    if pause is not None:
        _set_aside(ctx, invoice, pause["behavior"])
    else:
        _ask(ctx, invoice)


def bill(ctx: Context, invoice: Object) -> None:
    """Open a draft at once and ask the card: the invoice of a change or of a start."""
    emit(ctx, "invoice.created", invoice)
    invoicing.open_draft(ctx, invoice)
    _ask(ctx, invoice)


def prepare(ctx: Context, invoice: Object) -> None:
    """Give an open invoice the payment intent that will ask for its money."""
    what = "creation" if invoice["billing_reason"] == "subscription_create" else "update"
    intent = charging.new_intent(
        ctx,
        invoice["amount_due"],
        invoice["currency"],
        customer=invoice["customer"],
        data={"description": f"Subscription {what}", "setup_future_usage": "off_session"},
    )
    invoicing.link(ctx, invoice, intent)


def collect(
    ctx: Context, invoice: Object, *, off_session: bool, method: Object | None = None, automatic: bool = True
) -> Decline | None:
    """Ask for an open invoice's money, by default the card on file; a refusal goes to dunning and is returned."""
    intent = invoicing.intent_of(ctx, invoice)
    subscription = invoicing.subscription_of(ctx, invoice)
    method = method or _method_on_file(ctx, invoice, subscription)
    decline = charging.verdict(ctx, method, off_session=off_session)
    if decline is not None:
        charging.refuse(ctx, intent, method, decline)
        dunning.payment_failed(ctx, invoice, subscription, decline, automatic=automatic)
    elif method is not None:
        charging.capture(ctx, intent, method)
        invoicing.mark_paid(ctx, invoice)
        dunning.recovered(ctx, subscription, invoice)
    return decline


def retry_when_due(ctx: Context, invoice_id: str, due: int) -> None:
    """The next attempt's moment has come, unless somebody paid or collection stopped."""
    invoice = ctx.store.get("invoice", invoice_id)
    if invoice["status"] == "open" and invoice["next_payment_attempt"] == due:
        collect(ctx, invoice, off_session=True)


def _ask(ctx: Context, invoice: Object) -> None:
    if invoice["amount_due"] == 0:
        invoicing.mark_paid(ctx, invoice)
    else:
        prepare(ctx, invoice)
        collect(ctx, invoice, off_session=True)


def _set_aside(ctx: Context, invoice: Object, behavior: str) -> None:
    """Collection is paused: the invoice is not asked for and ends as the pause says."""
    status, moment, event_type = PAUSED_TO[behavior]
    invoice.update(auto_advance=False, status=status)
    if status == "void":
        invoice["amount_remaining"] = 0
    else:
        invoice["status_details"] = {"uncollectible": {"reason": "subscription_paused"}}
    invoice["status_transitions"][moment] = ctx.now()
    emit(ctx, event_type, invoice)


def _method_on_file(ctx: Context, invoice: Object, subscription: Object) -> Object | None:
    """The subscription's own card first: mending only the customer's default does not heal it."""
    customer = ctx.store.get("customer", invoice["customer"])
    defaults = customer.get("invoice_settings") or {}  # a deleted customer has none
    return ctx.store.find(subscription["default_payment_method"] or defaults.get("default_payment_method"))
