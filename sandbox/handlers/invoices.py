"""Invoices and invoice payments: retrieve, list, and pay an open one."""

from __future__ import annotations

from typing import Any

from sandbox.context import Context
from sandbox.engine import collecting
from sandbox.errors import StripeError, invalid
from sandbox.handlers import refuse_unsimulated
from sandbox.handlers.customers import attached_method
from sandbox.objects import Object
from sandbox.paging import cut, equals, page

Params = dict[str, Any]


def retrieve(ctx: Context, _params: Params, identifier: str) -> Object:
    """GET /v1/invoices/:id."""
    return ctx.store.get("invoice", identifier)


def every(ctx: Context, params: Params) -> Object:
    """GET /v1/invoices, by customer, subscription, status, collection method and created."""
    same = equals(params, customer="customer", status="status", collection_method="collection_method")
    wanted = params.get("subscription")

    def keep(entry: Object) -> bool:
        billed = entry["parent"]["subscription_details"]["subscription"]
        return same(entry) and wanted in (None, billed)

    return page(ctx, "invoice", params, "/v1/invoices", keep)


def lines(ctx: Context, params: Params, identifier: str) -> Object:
    """GET /v1/invoices/:id/lines."""
    invoice = ctx.store.get("invoice", identifier)
    return cut(invoice["lines"]["data"], params, f"/v1/invoices/{identifier}/lines", "line_item")


def pay(ctx: Context, params: Params, identifier: str) -> Object:
    """POST /v1/invoices/:id/pay: try an open invoice now; 402 with the bank's words when it is refused."""
    refuse_unsimulated(params, ("forgive", "mandate", "paid_out_of_band", "source"))
    invoice = ctx.store.get("invoice", identifier)
    if invoice["status"] == "paid":
        raise invalid("Invoice is already paid", code="invoice_already_paid")
    if invoice["status"] != "open":
        raise invalid(f"This invoice can't be paid because it is {invoice['status']}.")
    method = None
    if params.get("payment_method"):
        method = attached_method(ctx, params["payment_method"], invoice["customer"], "payment_method")
    decline = collecting.collect(
        ctx, invoice, off_session=params.get("off_session", True), method=method, automatic=False
    )
    if decline is not None:
        raise StripeError(402, "card_error", decline.code, message=decline.message, decline_code=decline.decline_code)
    return invoice


def payment(ctx: Context, _params: Params, identifier: str) -> Object:
    """GET /v1/invoice_payments/:id."""
    return ctx.store.get("invoice_payment", identifier)


def payments(ctx: Context, params: Params) -> Object:
    """GET /v1/invoice_payments, by invoice, status, created and what paid: the way back from a payment intent."""
    same = equals(params, invoice="invoice", status="status")
    wanted = params.get("payment") or {}

    def keep(entry: Object) -> bool:
        return same(entry) and all(entry["payment"].get(name) == value for name, value in wanted.items())

    return page(ctx, "invoice_payment", params, "/v1/invoice_payments", keep)
