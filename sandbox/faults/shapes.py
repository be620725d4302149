"""An event as an endpoint pinned to an API version before basil (2025-03-31) got it: other fields, other places."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from sandbox.context import Context

Object = dict[str, Any]


def older(ctx: Context, event: Object, api_version: str) -> Object:
    """A copy of `event` that says `api_version` and whose object has the old shape; the store is locked."""
    old = copy.deepcopy(event)
    old["api_version"] = api_version
    subject = old["data"]["object"]
    reshape = SHAPES.get(subject["object"])
    if reshape is not None:
        reshape(ctx, subject)
    return old


def _invoice(ctx: Context, invoice: Object) -> None:
    """`subscription`, `payment_intent`, `charge` and `paid` at the top; no `parent`, no `payments`."""
    parent = (invoice.pop("parent", None) or {}).get("subscription_details") or {}
    intent = _intent_of(ctx, invoice["id"])
    invoice.update(
        subscription=parent.get("subscription"),
        subscription_details={"metadata": parent.get("metadata", {})},
        payment_intent=intent["id"] if intent else None,
        charge=intent["latest_charge"] if intent else None,
        paid=invoice["status"] == "paid",
        paid_out_of_band=False,
        discount=None,
        tax=sum(entry["amount"] for entry in invoice.pop("total_taxes", [])) or None,
    )
    for line in invoice["lines"]["data"]:
        price = ((line.pop("pricing", None) or {}).get("price_details") or {}).get("price")
        detail = (line.pop("parent", None) or {}).get("subscription_item_details") or {}
        line.update(
            price=copy.deepcopy(ctx.store.find(price)),
            proration=detail.get("proration", False),
            subscription_item=detail.get("subscription_item"),
            type="subscription" if detail else "invoiceitem",
        )


def _subscription(_ctx: Context, subscription: Object) -> None:
    """The current period on the subscription, not on its items."""
    for item in subscription["items"]["data"]:
        start, end = item.pop("current_period_start"), item.pop("current_period_end")
        subscription.update(current_period_start=start, current_period_end=end)
    subscription.pop("billing_mode", None)
    subscription["discount"] = None


def _charge(ctx: Context, charge: Object) -> None:
    """The invoice it pays, by name."""
    charge["invoice"] = _invoice_of(ctx, charge["payment_intent"])


def _payment_intent(ctx: Context, intent: Object) -> None:
    intent["invoice"] = _invoice_of(ctx, intent["id"])


def _session(_ctx: Context, session: Object) -> None:
    """`shipping_details` at the top, the old words for where the page is shown."""
    collected = session.pop("collected_information", None) or {}
    session["shipping_details"] = collected.get("shipping_details")
    session["ui_mode"] = {"hosted_page": "hosted", "embedded_page": "embedded"}.get(session["ui_mode"], "custom")


def _intent_of(ctx: Context, invoice_id: str) -> Object | None:
    payment = ctx.store.find(ctx.store.private.get(invoice_id, {}).get("payment"))
    return ctx.store.find(payment["payment"]["payment_intent"]) if payment else None


def _invoice_of(ctx: Context, intent_id: str | None) -> str | None:
    payments = (entry for entry in ctx.store.all("invoice_payment"))
    return next((entry["invoice"] for entry in payments if entry["payment"].get("payment_intent") == intent_id), None)


SHAPES: dict[str, Callable[[Context, Object], None]] = {
    "charge": _charge,
    "checkout.session": _session,
    "invoice": _invoice,
    "payment_intent": _payment_intent,
    "subscription": _subscription,
}
