"""Objects that API calls only read: payment intents, charges, payment methods, shipping rates."""

from __future__ import annotations

from typing import Any

from sandbox.context import Context
from sandbox.objects import Object
from sandbox.paging import equals, page

Params = dict[str, Any]


def payment_intent(ctx: Context, _params: Params, identifier: str) -> Object:
    """GET /v1/payment_intents/:id."""
    return ctx.store.get("payment_intent", identifier)


def payment_intents(ctx: Context, params: Params) -> Object:
    """GET /v1/payment_intents, by customer and created."""
    return page(ctx, "payment_intent", params, "/v1/payment_intents", equals(params, customer="customer"))


def charge(ctx: Context, _params: Params, identifier: str) -> Object:
    """GET /v1/charges/:id."""
    return ctx.store.get("charge", identifier, "charge")


def charges(ctx: Context, params: Params) -> Object:
    """GET /v1/charges, by customer, payment intent, transfer group and created."""
    keep = equals(params, customer="customer", payment_intent="payment_intent", transfer_group="transfer_group")
    return page(ctx, "charge", params, "/v1/charges", keep)


def payment_method(ctx: Context, _params: Params, identifier: str) -> Object:
    """GET /v1/payment_methods/:id."""
    return ctx.store.get("payment_method", identifier, "payment_method")


def payment_methods(ctx: Context, params: Params) -> Object:
    """GET /v1/payment_methods, by customer and type; cards that belong to nobody are not listed."""
    keep = equals(params, customer="customer", type="type")
    return page(
        ctx,
        "payment_method",
        params,
        "/v1/payment_methods",
        lambda entry: entry["customer"] is not None and keep(entry),
    )


def shipping_rate(ctx: Context, _params: Params, identifier: str) -> Object:
    """GET /v1/shipping_rates/:id."""
    return ctx.store.get("shipping_rate", identifier, "shipping_rate_token")
