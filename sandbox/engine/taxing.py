"""Automatic tax on a checkout: the rate of the state it goes to, on lines and, where that taxes it, on shipping."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.context import Context
from sandbox.objects import Object
from sandbox.objects import tax_rate as tax_rates

NOT_TAXABLE = ("txcd_00000000", "txcd_90000001")
"""Stripe's codes for what is not taxable, and for cash donations."""
LOCATION_MISSING = "Please enter the state, so that tax can be worked out."


def apply(ctx: Context, session: Object, location: Object | None) -> None:
    """Write tax and totals on a session with its lines and shipping; `location` is an address, or None so far."""
    hidden = ctx.store.hidden(session["id"])
    known = bool(location and location.get("country") and (location["country"] != "US" or location.get("state")))
    session["automatic_tax"]["status"] = "complete" if known else "requires_location_inputs"
    rate = _rate(ctx, session, location if known else None)
    for line in hidden["line_items"]:
        product = ctx.store.find(line["price"]["product"]) or {}
        taxed = rate if product.get("tax_code") not in NOT_TAXABLE else None
        tax, reason = _tax(line["amount_subtotal"], line["price"]["tax_behavior"], taxed)
        line.update(amount_tax=tax, amount_total=line["amount_subtotal"] + _added(line["price"], tax))
        reason = "product_exempt" if rate and not taxed else reason
        hidden.setdefault("taxes", {})[line["id"]] = _shown(ctx, line, taxed, tax, reason)
    _tax_shipping(ctx, session, rate if rate and rate["shipping"] else None)
    add_up(session, hidden["line_items"])


def add_up(session: Object, lines: list[Object]) -> None:
    """The session's totals from its lines and its shipping."""
    shipping = session["shipping_cost"]
    session["amount_subtotal"] = sum(line["amount_subtotal"] for line in lines)
    session["amount_total"] = sum(line["amount_total"] for line in lines) + (shipping or {}).get("amount_total", 0)
    session["total_details"].update(
        amount_shipping=(shipping or {}).get("amount_subtotal", 0),
        amount_tax=sum(line["amount_tax"] for line in lines) + (shipping or {}).get("amount_tax", 0),
    )


def ship_by(ctx: Context, session: Object, rate_id: str) -> None:
    """The payer has chosen one of the session's shipping options."""
    rate = ctx.store.get("shipping_rate", rate_id, "shipping_rate")
    amount = rate["fixed_amount"]["amount"]
    session["shipping_cost"] = {
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "shipping_rate": rate_id,
    }
    add_up(session, ctx.store.hidden(session["id"])["line_items"])


def of_line(ctx: Context, line: Object) -> list[Object]:
    """The taxes of a session's line, as `expand` shows them."""
    for session in ctx.store.all("checkout.session"):
        taxes: dict[str, list[Object]] = ctx.store.hidden(session["id"]).get("taxes", {})
        if line["id"] in taxes:
            return taxes[line["id"]]
    return []


def customer_location(customer: Object | None) -> Object | None:
    """Where a customer on file is taxed: where things are sent to, or else their address."""
    if not customer or customer.get("deleted"):
        return None
    shipping: Object = customer["shipping"] or {}
    location: Object | None = shipping.get("address") or customer["address"]
    return location


def _rate(ctx: Context, session: Object, location: Object | None) -> dict[str, Any] | None:
    """{state, percent, shipping}, or None where nothing is collected."""
    customer = ctx.store.find(session["customer"]) or {}
    if location is None or location["country"] != "US" or customer.get("tax_exempt", "none") != "none":
        return None
    state = str(location["state"]).upper()
    found = ctx.settings.tax_rates.get(state)
    return None if found is None else {"state": state, **found}


def _tax(base: int, behavior: str, rate: dict[str, Any] | None) -> tuple[int, str]:
    """Minor units half up, and Stripe's word for why: on top of the price, or within one that is inclusive."""
    if rate is None:
        return 0, "not_collecting"
    share = Decimal(rate["percent"]) / 100
    exact = base - base / (1 + share) if behavior == "inclusive" else base * share
    return int(Decimal(exact).quantize(Decimal(1), ROUND_HALF_UP)), "standard_rated"


def _added(priced: Object, tax: int) -> int:
    return 0 if priced["tax_behavior"] == "inclusive" else tax


def _tax_shipping(ctx: Context, session: Object, rate: dict[str, Any] | None) -> None:
    cost = session["shipping_cost"]
    if cost is None:
        return
    chosen = ctx.store.get("shipping_rate", cost["shipping_rate"])
    taxed = rate if chosen["tax_code"] not in NOT_TAXABLE else None
    tax, _ = _tax(cost["amount_subtotal"], chosen["tax_behavior"], taxed)
    cost.update(amount_tax=tax, amount_total=cost["amount_subtotal"] + _added(chosen, tax))


def _shown(ctx: Context, line: Object, rate: dict[str, Any] | None, tax: int, reason: str) -> list[Object]:
    if rate is None and reason == "not_collecting":
        return []
    state, percent = (rate["state"], rate["percent"]) if rate else ("US", "0")
    inclusive = line["price"]["tax_behavior"] == "inclusive"
    return [
        {
            "amount": tax,
            "rate": _kept_rate(ctx, state, percent, inclusive=inclusive),
            "taxability_reason": reason,
            "taxable_amount": line["amount_total"] - tax if rate else 0,
        }
    ]


def _kept_rate(ctx: Context, state: str, percent: str, *, inclusive: bool) -> Object:
    wanted = (state, float(percent), inclusive)
    for rate in ctx.store.all("tax_rate"):
        if (rate["jurisdiction"], rate["percentage"], rate["inclusive"]) == wanted:
            return dict(rate)
    return dict(ctx.store.add(tax_rates.build(state, percent, ctx.now(), inclusive=inclusive)))
