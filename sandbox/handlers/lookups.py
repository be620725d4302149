"""Objects that API calls only read: payment intents, charges, balance, payment methods, shipping rates."""

from __future__ import annotations

from collections import defaultdict
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


def balance_transaction(ctx: Context, _params: Params, identifier: str) -> Object:
    """GET /v1/balance_transactions/:id."""
    return ctx.store.get("balance_transaction", identifier)


def balance_transactions(ctx: Context, params: Params) -> Object:
    """GET /v1/balance_transactions, by type, source, currency, payout and created."""
    in_payout = set(ctx.store.hidden(params["payout"]).get("balance_transactions", ())) if "payout" in params else None
    same = equals(params, type="type", source="source", currency="currency")

    def keep(entry: Object) -> bool:
        return same(entry) and (in_payout is None or entry["id"] in in_payout)

    return page(ctx, "balance_transaction", params, "/v1/balance_transactions", keep)


def balance(ctx: Context, _params: Params) -> Object:
    """GET /v1/balance: net amounts by currency, available and pending."""
    totals: dict[str, dict[str, int]] = {"available": defaultdict(int), "pending": defaultdict(int)}
    for entry in ctx.store.all("balance_transaction"):
        totals[entry["status"]][entry["currency"]] += entry["net"]
    currencies = sorted({"usd", *totals["available"], *totals["pending"]})
    return {
        "object": "balance",
        "available": [_amount(currency, totals["available"][currency]) for currency in currencies],
        "livemode": False,
        "pending": [_amount(currency, totals["pending"][currency]) for currency in currencies],
        "refund_and_dispute_prefunding": {
            "available": [_amount(currency, 0) for currency in currencies],
            "pending": [_amount(currency, 0) for currency in currencies],
        },
    }


def payment_method(ctx: Context, _params: Params, identifier: str) -> Object:
    """GET /v1/payment_methods/:id."""
    return ctx.store.get("payment_method", identifier, "payment_method")


def payment_methods(ctx: Context, params: Params) -> Object:
    """GET /v1/payment_methods, by customer and type."""
    keep = equals(params, customer="customer", type="type")
    return page(ctx, "payment_method", params, "/v1/payment_methods", keep)


def shipping_rate(ctx: Context, _params: Params, identifier: str) -> Object:
    """GET /v1/shipping_rates/:id."""
    return ctx.store.get("shipping_rate", identifier, "shipping_rate_token")


def _amount(currency: str, amount_minor: int) -> Object:
    return {"amount": amount_minor, "currency": currency, "source_types": {"card": amount_minor}}
