"""Checkout Sessions: create, retrieve, list, expire, and their line items."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

from sandbox.context import Context
from sandbox.engine import billing, checkout, prorating, setting_up, taxing
from sandbox.errors import invalid
from sandbox.events import snapshot
from sandbox.handlers import refuse_unsimulated
from sandbox.handlers.catalogue import check_price, price_of
from sandbox.handlers.customers import existing
from sandbox.objects import Object, catalogue, merged_metadata
from sandbox.objects import session as sessions
from sandbox.paging import cut, equals, page

Params = dict[str, Any]
UNSIMULATED = (
    "after_expiration",
    "branding_settings",
    "custom_fields",
    "customer_account",
    "discounts",
    "managed_payments",
    "name_collection",
    "optional_items",
    "tax_id_collection",
)
PAYMENT_UNSIMULATED = ("application_fee_amount", "on_behalf_of", "transfer_data")
SUBSCRIPTION_UNSIMULATED = (
    "application_fee_percent",
    "default_tax_rates",
    "on_behalf_of",
    "pending_invoice_item_interval",
    "transfer_data",
)
KEPT = ("customer_update", "payment_intent_data", "subscription_data")


def create(ctx: Context, params: Params) -> Object:
    """POST /v1/checkout/sessions."""
    _check(ctx, params)
    if params["mode"] == "setup":
        return _create_setup(ctx, params)
    lines = [_line(ctx, given) for given in params["line_items"]]
    rates = [_shipping_rate(ctx, option) for option in params.get("shipping_options") or []]
    totals = _totals(lines, rates, first_share=_first_share(ctx, params, lines))
    session = sessions.build(params, totals, ctx.now(), ctx.base_url)
    session["payment_method_types"] = _payment_method_types(ctx, params, session["currency"])
    # Decimals become text here, as they are on the wire: what is kept must survive a save.
    kept = json.loads(json.dumps({name: params.get(name) for name in KEPT}, default=str))
    ctx.store.add(session, line_items=lines, **kept)
    if session["automatic_tax"]["enabled"]:
        taxing.apply(ctx, session, taxing.customer_location(ctx.store.find(session["customer"])))
    ctx.store.schedule(session["expires_at"], "expire_session", session["id"])
    return session


def _payment_method_types(ctx: Context, params: Params, currency: str) -> list[str]:
    """Cards, and for one-time payments in dollars bank accounts, unless the shop says otherwise."""
    kept = (params.get("payment_intent_data") or {}).get("setup_future_usage")
    debits = ctx.settings.bank_debits and params["mode"] == "payment" and currency == "usd" and not kept
    allowed = params.get("allowed_payment_method_types") or ["card", "us_bank_account"]
    refused = params.get("excluded_payment_method_types") or []
    return ["card", *(name for name in ("us_bank_account",) if debits and name in allowed and name not in refused)]


def _create_setup(ctx: Context, params: Params) -> Object:
    """A session that keeps a card and charges nothing; its setup intent is there from the start."""
    intent = setting_up.begin(ctx, params.get("customer"), params.get("setup_intent_data") or {})
    nothing = dict.fromkeys(("amount_subtotal", "amount_total", "total_details", "shipping_cost"))
    totals = nothing | {"currency": params["currency"], "shipping_options": []}
    session = sessions.build(params, totals, ctx.now(), ctx.base_url, setup_intent=intent["id"])
    ctx.store.add(session, line_items=[], customer_update=params.get("customer_update"))
    ctx.store.schedule(session["expires_at"], "expire_session", session["id"])
    return session


def retrieve(ctx: Context, _params: Params, identifier: str) -> Object:
    """GET /v1/checkout/sessions/:id."""
    return ctx.store.get("checkout.session", identifier)


def update(ctx: Context, params: Params, identifier: str) -> Object:
    """POST /v1/checkout/sessions/:id: metadata only."""
    refuse_unsimulated(params, ("collected_information", "line_items", "payment_intent_data", "shipping_options"))
    session = ctx.store.get("checkout.session", identifier)
    session["metadata"] = merged_metadata(session["metadata"], params.get("metadata"))
    return session


def every(ctx: Context, params: Params) -> Object:
    """GET /v1/checkout/sessions, by customer, e-mail, payment intent, subscription, status and created."""
    same = equals(
        params, customer="customer", payment_intent="payment_intent", subscription="subscription", status="status"
    )
    email = (params.get("customer_details") or {}).get("email")

    def keep(entry: Object) -> bool:
        return same(entry) and (email is None or (entry["customer_details"] or {}).get("email") == email)

    return page(ctx, "checkout.session", params, "/v1/checkout/sessions", keep)


def expire(ctx: Context, _params: Params, identifier: str) -> Object:
    """POST /v1/checkout/sessions/:id/expire; only an open session."""
    session = ctx.store.get("checkout.session", identifier)
    if session["status"] != "open":
        raise invalid(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of '
            f"`{session['status']}`."
        )
    checkout.expire(ctx, session)
    return session


def line_items(ctx: Context, params: Params, identifier: str) -> Object:
    """GET /v1/checkout/sessions/:id/line_items, in the order in which they were sent."""
    ctx.store.get("checkout.session", identifier)
    lines = ctx.store.hidden(identifier)["line_items"]
    return cut(lines, params, f"/v1/checkout/sessions/{identifier}/line_items", "item")


def _check(ctx: Context, params: Params) -> None:
    refuse_unsimulated(params, UNSIMULATED)
    refuse_unsimulated(params.get("payment_intent_data") or {}, PAYMENT_UNSIMULATED)
    refuse_unsimulated(params.get("subscription_data") or {}, SUBSCRIPTION_UNSIMULATED)
    _check_tax(ctx, params)
    refuse_unsimulated(params.get("invoice_creation") or {}, ("enabled",))
    refuse_unsimulated(params.get("setup_intent_data") or {}, ("on_behalf_of",))
    if (params.get("payment_intent_data") or {}).get("capture_method") == "manual":
        refuse_unsimulated({"capture_method: manual": True}, ("capture_method: manual",))
    if "card" in params.get("excluded_payment_method_types", []) or "card" not in params.get(
        "allowed_payment_method_types", ["card"]
    ):
        refuse_unsimulated({"checkouts without cards": True}, ("checkouts without cards",))
    if params.get("customer"):
        existing(ctx, params["customer"], "customer")
    for position, given in enumerate(params.get("line_items") or []):
        refuse_unsimulated(given, ("tax_rates",))
        check_price(ctx, given, f"line_items[{position}]")
    for position, option in enumerate(params.get("shipping_options") or []):
        if "shipping_rate" in option:
            ctx.store.get("shipping_rate", option["shipping_rate"], f"shipping_options[{position}][shipping_rate]")


def _check_tax(ctx: Context, params: Params) -> None:
    given = params.get("automatic_tax") or {}
    if not given.get("enabled"):
        return
    refuse_unsimulated(given, ("liability",))
    if params["mode"] != "payment":
        name = f"automatic_tax in {params['mode']} mode"
        refuse_unsimulated({name: True}, (name,))
    updates = params.get("customer_update") or {}
    saved = "shipping" if params.get("shipping_address_collection") else "address"
    located = taxing.customer_location(ctx.store.find(params.get("customer")))
    if params.get("customer") and updates.get(saved) != "auto" and (saved == "shipping" or located is None):
        raise invalid(
            "Automatic tax calculation in Checkout requires a valid address on the Customer. Add a valid address to "
            "the Customer or set either `customer_update[address]` to 'auto' or `customer_update[shipping]` to 'auto' "
            "to save the address entered in Checkout to the Customer.",
            code="customer_tax_location_invalid",
        )


def _line(ctx: Context, given: Params) -> Object:
    price = price_of(ctx, given)
    product = ctx.store.get("product", price["product"])
    quantity = given["quantity"]
    amount_minor = catalogue.amount_minor(price, quantity)
    return ctx.store.add(sessions.line_item(snapshot(price), quantity, amount_minor, product["name"], given))


def _shipping_rate(ctx: Context, option: Params) -> Object:
    if "shipping_rate" in option:
        return ctx.store.get("shipping_rate", option["shipping_rate"])
    return ctx.store.add(catalogue.shipping_rate(option["shipping_rate_data"], ctx.now()))


def _first_share(ctx: Context, params: Params, lines: list[Object]) -> Fraction:
    """Which part of a full period is paid at the page."""
    recurring = next((line["price"]["recurring"] for line in lines if line["price"]["recurring"]), None)
    if recurring is None:
        return Fraction(1)
    return billing.first_period(params.get("subscription_data") or {}, recurring, ctx.now()).share


def _totals(lines: list[Object], rates: list[Object], *, first_share: Fraction) -> Object:
    """What is due now; the first shipping option is the one chosen until the payer chooses."""
    for line in lines:
        if line["price"]["recurring"]:
            line["amount_subtotal"] = line["amount_total"] = prorating.part(line["amount_subtotal"], first_share)
    subtotal = sum(line["amount_subtotal"] for line in lines)
    shipping = rates[0]["fixed_amount"]["amount"] if rates else 0
    return {
        "currency": lines[0]["currency"],
        "amount_subtotal": subtotal,
        "amount_total": subtotal + shipping,
        "total_details": {"amount_discount": 0, "amount_shipping": shipping, "amount_tax": 0},
        "shipping_cost": {
            "amount_subtotal": shipping,
            "amount_tax": 0,
            "amount_total": shipping,
            "shipping_rate": rates[0]["id"],
        }
        if rates
        else None,
        "shipping_options": [
            {"shipping_amount": rate["fixed_amount"]["amount"], "shipping_rate": rate["id"]} for rate in rates
        ],
    }
