"""Customers: create, retrieve, update, list, delete."""

from __future__ import annotations

from typing import Any

from sandbox.context import Context
from sandbox.engine import ending
from sandbox.errors import no_such
from sandbox.events import changed, emit, snapshot
from sandbox.handlers import refuse_unsimulated
from sandbox.objects import Object, address, merged_metadata
from sandbox.objects import customer as customers
from sandbox.paging import page

Params = dict[str, Any]
UNSIMULATED = ("cash_balance", "payment_method", "source", "tax", "tax_id_data", "test_clock", "default_source")
PLAIN = ("description", "email", "name", "phone")
KEPT = ("balance", "invoice_prefix", "next_invoice_sequence", "preferred_locales", "tax_exempt")


def create(ctx: Context, params: Params) -> Object:
    """POST /v1/customers."""
    refuse_unsimulated(params, UNSIMULATED)
    _check_default_method(ctx, params, customer_id=None)
    customer = ctx.store.add(customers.build(params, ctx.now()))
    emit(ctx, "customer.created", customer)
    return customer


def retrieve(ctx: Context, _params: Params, identifier: str) -> Object:
    """GET /v1/customers/:id; a deleted customer answers as {id, object, deleted}."""
    return ctx.store.get("customer", identifier)


def update(ctx: Context, params: Params, identifier: str) -> Object:
    """POST /v1/customers/:id; "" clears a field."""
    refuse_unsimulated(params, UNSIMULATED)
    customer = existing(ctx, identifier, "id")
    _check_default_method(ctx, params, customer_id=identifier)
    before = snapshot(customer)
    customer.update({name: params[name] or None for name in PLAIN if name in params})
    customer.update({name: params[name] for name in KEPT if name in params})
    customer["metadata"] = merged_metadata(customer["metadata"], params.get("metadata"))
    if "address" in params:
        customer["address"] = address(params["address"]) if params["address"] else None
    if "shipping" in params:
        customer["shipping"] = customers.shipping(params["shipping"])
    if "invoice_settings" in params:
        known = customer["invoice_settings"]
        customer["invoice_settings"] = customers.invoice_settings({**known, **params["invoice_settings"]})
    changed(ctx, "customer.updated", customer, before)
    return customer


def every(ctx: Context, params: Params) -> Object:
    """GET /v1/customers, by e-mail (exact) and created."""
    wanted = params.get("email")
    return page(ctx, "customer", params, "/v1/customers", lambda entry: wanted is None or entry["email"] == wanted)


def delete(ctx: Context, _params: Params, identifier: str) -> Object:
    """DELETE /v1/customers/:id; running subscriptions end at once."""
    customer = existing(ctx, identifier, "id")
    for subscription in ctx.store.all("subscription"):
        if subscription["customer"] == identifier and subscription["status"] not in ending.ENDED:
            ending.cancel(ctx, subscription, reason="cancellation_requested")
    emit(ctx, "customer.deleted", customer)
    return ctx.store.add(customers.tombstone(identifier))


def existing(ctx: Context, identifier: str, param: str) -> Object:
    """A customer who has not been deleted; 404 otherwise."""
    customer = ctx.store.get("customer", identifier, param)
    if customer.get("deleted"):
        raise no_such("customer", identifier, param=param)
    return customer


def _check_default_method(ctx: Context, params: Params, customer_id: str | None) -> None:
    wanted = (params.get("invoice_settings") or {}).get("default_payment_method")
    if wanted:
        attached_method(ctx, wanted, customer_id, "invoice_settings[default_payment_method]")


def attached_method(ctx: Context, identifier: str, customer_id: str | None, param: str) -> Object:
    """A payment method that belongs to this customer; 404 resource_missing otherwise, as Stripe answers it."""
    method = ctx.store.get("payment_method", identifier, param)
    if customer_id is None or method["customer"] != customer_id:
        raise no_such("payment_method", identifier, param=param)
    return method
