"""Invoices of subscriptions: drafted, opened, paid."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sandbox import ids
from sandbox.context import Context
from sandbox.engine import prorating
from sandbox.events import emit, snapshot
from sandbox.objects import Object
from sandbox.objects import invoice as invoices
from sandbox.objects.catalogue import amount_minor


def first(ctx: Context, subscription: Object, customer: Object, line_items: list[Object], amounts: list[int]) -> Object:
    """The draft that opens a subscription; `line_items` are the session's, `amounts` what each item's period costs."""
    invoice = invoices.build(subscription, customer, ctx.settings, ctx.now(), reason="subscription_create")
    items = subscription["items"]["data"]
    lines = [_line(ctx, invoice, item, amount=amount) for item, amount in zip(items, amounts, strict=True)]
    for item, amount in zip(items, amounts, strict=True):
        prorating.debited(ctx, item, amount)
    lines += [_one_time(ctx, invoice, line) for line in line_items if not line["price"]["recurring"]]
    invoices.set_lines(invoice, lines)
    return ctx.store.add(invoice)


def draft_renewal(ctx: Context, subscription: Object, ended: tuple[int, int]) -> Object:
    """The draft for a subscription's new period; `ended` is the period that is over, which the invoice names.

    It is finalized an hour later, unless the subscription is unpaid: then drafts are kept and nothing is collected.
    """
    customer = ctx.store.get("customer", subscription["customer"])
    invoice = invoices.build(subscription, customer, ctx.settings, ctx.now(), reason="subscription_cycle")
    invoices.set_lines(invoice, [*_pending(ctx, invoice, subscription), *_whole_period(ctx, invoice, subscription)])
    invoice.update(period_start=ended[0], period_end=ended[1])
    if _keeps_drafts(subscription):
        invoice["auto_advance"] = False
    else:
        invoice["automatically_finalizes_at"] = ctx.now() + ctx.settings.finalize_after_s
        ctx.store.schedule(invoice["automatically_finalizes_at"], "finalize", invoice["id"])
    return ctx.store.add(invoice)


def draft_change(ctx: Context, subscription: Object, *, whole_period: bool) -> Object:
    """The draft for a change between renewals: what is pending, and the period if a new one has begun."""
    customer = ctx.store.get("customer", subscription["customer"])
    invoice = invoices.build(subscription, customer, ctx.settings, ctx.now(), reason="subscription_update")
    lines = _pending(ctx, invoice, subscription)
    if whole_period:
        lines += _whole_period(ctx, invoice, subscription)
    invoices.set_lines(invoice, lines)
    return ctx.store.add(invoice)


def void(ctx: Context, invoice: Object) -> None:
    """An open invoice is not asked for any more."""
    before = snapshot(invoice)
    invoice.update(amount_remaining=0, auto_advance=False, next_payment_attempt=None, status="void")
    invoice["status_transitions"]["voided_at"] = ctx.now()
    emit(ctx, "invoice.updated", invoice, before=before)
    emit(ctx, "invoice.voided", invoice)


def preview(ctx: Context, subscription: Object, periods: dict[str, tuple[int, int]]) -> Object:
    """What the next invoice will look like, each item over its coming period of `periods`; kept nowhere."""
    customer = ctx.store.get("customer", subscription["customer"])
    invoice = invoices.build(subscription, customer, ctx.settings, ctx.now(), reason="upcoming")
    invoice["id"] = f"upcoming_{invoice['id']}"
    items = subscription["items"]["data"]
    waiting = [_prorated(invoice, entry) for entry in ctx.store.hidden(subscription["id"]).get("pending", [])]
    invoices.set_lines(invoice, waiting + [_line(ctx, invoice, item, period=periods[item["id"]]) for item in items])
    invoice.update(period_start=items[0]["current_period_start"], period_end=items[0]["current_period_end"])
    return invoice


def open_and_settle(ctx: Context, invoice: Object, intent: Object | None) -> None:
    """Finalize a first invoice which `intent` has paid already, or which asks for nothing."""
    emit(ctx, "invoice.created", invoice)
    open_draft(ctx, invoice, from_balance=False)
    if intent is not None:
        link(ctx, invoice, intent)
    mark_paid(ctx, invoice)


def mark_paid(ctx: Context, invoice: Object) -> None:
    """An open invoice is paid in full; its payment and its events follow Stripe's order."""
    now = ctx.now()
    before = snapshot(invoice)
    invoice.update(
        amount_paid=invoice["amount_due"],
        amount_remaining=0,
        attempt_count=invoice["attempt_count"] + (1 if invoice["amount_due"] else 0),
        attempted=True,
        auto_advance=False,
        next_payment_attempt=None,
        status="paid",
    )
    invoice["status_transitions"]["paid_at"] = now
    payment = payment_of(ctx, invoice)
    if payment is not None:
        payment.update(amount_paid=invoice["amount_due"], status="paid")
        payment["status_transitions"]["paid_at"] = now
        emit(ctx, "invoice_payment.paid", payment)
    emit(ctx, "invoice.updated", invoice, before=before)
    emit(ctx, "invoice.paid", invoice)
    emit(ctx, "invoice.payment_succeeded", invoice)


def payment_of(ctx: Context, invoice: Object) -> Object | None:
    """The invoice's default payment; None where nothing was ever due."""
    return ctx.store.find(ctx.store.hidden(invoice["id"]).get("payment"))


def intent_of(ctx: Context, invoice: Object) -> Object:
    """The payment intent that asks for an open invoice's money."""
    payment = payment_of(ctx, invoice)
    assert payment is not None, "an open invoice above zero has a payment"
    return ctx.store.get("payment_intent", payment["payment"]["payment_intent"])


def payments_of(ctx: Context, invoice: Object) -> list[Object]:
    """Every payment of the invoice: one or none, for a payment is retried, not repeated."""
    payment = payment_of(ctx, invoice)
    return [payment] if payment else []


def subscription_of(ctx: Context, invoice: Object) -> Object:
    """The subscription an invoice bills."""
    return ctx.store.get("subscription", invoice["parent"]["subscription_details"]["subscription"])


def _keeps_drafts(subscription: Object) -> bool:
    return bool(subscription["status"] == "unpaid")


def open_draft(ctx: Context, invoice: Object, *, from_balance: bool = True) -> None:
    """Finalize: the invoice gets its number, settles with the customer's balance, and can be paid.

    What a checkout was paid for leaves the balance alone.
    """
    customer = ctx.store.get("customer", invoice["customer"])
    before = snapshot(customer)
    if from_balance:
        _settle_with_balance(invoice, customer)
    number = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}"
    customer["next_invoice_sequence"] += 1
    invoice.update(
        automatically_finalizes_at=None,
        effective_at=ctx.now(),
        ending_balance=customer["balance"],
        hosted_invoice_url=f"{ctx.base_url}/objects/invoice/{invoice['id']}",
        invoice_pdf=None,
        number=number,
        status="open",
    )
    invoice["status_transitions"]["finalized_at"] = ctx.now()
    emit(ctx, "invoice.finalized", invoice)
    if customer["balance"] != before["balance"]:
        emit(ctx, "customer.updated", customer, before=before)


def _settle_with_balance(invoice: Object, customer: Object) -> None:
    """A balance below zero is credit: it pays, and an invoice below zero adds to it; above zero it is asked for."""
    owed = invoice["total"] + customer["balance"]
    invoice["starting_balance"] = customer["balance"]
    invoice["amount_due"] = invoice["amount_remaining"] = max(owed, 0)
    customer["balance"] = min(owed, 0)


def link(ctx: Context, invoice: Object, intent: Object) -> None:
    """Make `intent` the payment of an open invoice."""
    payment = ctx.store.add(invoices.payment(invoice, intent, ctx.now()))
    ctx.store.hidden(invoice["id"])["payment"] = payment["id"]


def _whole_period(ctx: Context, invoice: Object, subscription: Object) -> list[Object]:
    """Every item for its current period; a trial's costs nothing."""
    lines = []
    for item in subscription["items"]["data"]:
        amount = 0 if subscription["status"] == "trialing" else amount_minor(item["price"], item["quantity"])
        prorating.debited(ctx, item, amount)
        lines.append(_line(ctx, invoice, item, amount=amount))
    return lines


def _pending(ctx: Context, invoice: Object, subscription: Object) -> list[Object]:
    """What waited for an invoice, which is this one."""
    return [_prorated(invoice, entry) for entry in prorating.take(ctx, subscription)]


def _prorated(invoice: Object, entry: dict[str, Any]) -> Object:
    period = entry["period"][0], entry["period"][1]
    line = invoices.line(invoice, entry["item"], period, entry["amount"], entry["description"])
    line["parent"]["subscription_item_details"] |= {"invoice_item": entry["invoice_item"], "proration": True}
    return line


def _line(
    ctx: Context,
    invoice: Object,
    item: Object,
    *,
    amount: int | None = None,
    period: tuple[int, int] | None = None,
) -> Object:
    price = item["price"]
    period = period or (item["current_period_start"], item["current_period_end"])
    full = amount_minor(price, item["quantity"])
    amount = full if amount is None else amount
    product = ctx.store.get("product", price["product"])
    words = f"{item['quantity']} × {product['name']} (at {_rate(price)})"
    if full and not amount:
        words = f"{product['name']}: free until {datetime.fromtimestamp(period[1], UTC):%d %b %Y}"
    return invoices.line(invoice, item, period, amount, words)


def _one_time(ctx: Context, invoice: Object, line: Object) -> Object:
    """A one-time price on the first invoice, shown as the invoice item it becomes."""
    stand_in = {"id": "", "price": line["price"], "quantity": line["quantity"], "subscription": None}
    built = invoices.line(invoice, stand_in, (ctx.now(), ctx.now()), line["amount_total"], line["description"])
    built["parent"] = {
        "invoice_item_details": {
            "invoice_item": "ii_" + ids.token(24),
            "proration": False,
            "proration_details": {"credited_items": None},
            "subscription": invoice["parent"]["subscription_details"]["subscription"],
        },
        "subscription_item_details": None,
        "type": "invoice_item_details",
    }
    return built


def _rate(price: Object) -> str:
    recurring = price["recurring"]
    every = recurring["interval"]
    if recurring["interval_count"] > 1:
        every = f"every {recurring['interval_count']} {every}s"
    return f"{amount_minor(price, 1) / 100:.2f} {price['currency'].upper()} / {every}"
