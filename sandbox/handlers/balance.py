"""The balance and the balance transactions that add up to it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sandbox.context import Context
from sandbox.engine import paying_out
from sandbox.errors import invalid
from sandbox.objects import Object
from sandbox.paging import equals, page

Params = dict[str, Any]


def retrieve(ctx: Context, _params: Params) -> Object:
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


def transaction(ctx: Context, _params: Params, identifier: str) -> Object:
    """GET /v1/balance_transactions/:id."""
    return ctx.store.get("balance_transaction", identifier)


def transactions(ctx: Context, params: Params) -> Object:
    """GET /v1/balance_transactions, by payout (an automatic one), type, source, currency and created."""
    in_payout = _contents(ctx, params["payout"]) if "payout" in params else None
    same = equals(params, type="type", source="source", currency="currency")

    def keep(entry: Object) -> bool:
        return same(entry) and (in_payout is None or entry["id"] in in_payout)

    return page(ctx, "balance_transaction", params, "/v1/balance_transactions", keep)


def _contents(ctx: Context, payout_id: str) -> set[str]:
    made = ctx.store.get("payout", payout_id, "payout")
    if not made["automatic"]:
        raise invalid(
            "Balance transaction history can only be filtered on automatic transfers, not manual.", param="payout"
        )
    return paying_out.contents(ctx, made)


def _amount(currency: str, amount_minor: int) -> Object:
    return {"amount": amount_minor, "currency": currency, "source_types": {"card": amount_minor}}
