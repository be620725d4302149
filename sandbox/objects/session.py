"""The Checkout Session and its line items."""

from __future__ import annotations

from typing import Any

from sandbox import ids
from sandbox.objects import SELF_ISSUER, Object, metadata
from sandbox.settings import DAY_S

ECHOED = (
    "allow_promotion_codes",
    "billing_address_collection",
    "cancel_url",
    "client_reference_id",
    "consent_collection",
    "customer_email",
    "integration_identifier",
    "locale",
    "origin_context",
    "return_url",
    "shipping_address_collection",
    "submit_type",
    "success_url",
)


def build(
    params: dict[str, Any], totals: Object, now: int, base_url: str, *, setup_intent: str | None = None
) -> Object:
    """An open session; `totals` holds its currency and every amount, as `handlers.sessions` works them out."""
    identifier = ids.make("checkout.session")
    subscribes = params["mode"] == "subscription"
    charges = params["mode"] != "setup"
    hosted = params.get("ui_mode", "hosted_page") == "hosted_page"
    echoed = {name: params.get(name) for name in ECHOED}
    return echoed | {
        "id": identifier,
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": bool((params.get("adaptive_pricing") or {}).get("enabled", False))},
        "after_expiration": None,
        "amount_subtotal": totals["amount_subtotal"],
        "amount_total": totals["amount_total"],
        "automatic_tax": _automatic_tax(params.get("automatic_tax") or {}),
        "branding_settings": None,
        "client_secret": None if hosted else f"{identifier}_secret_{ids.token(40)}",
        "collected_information": None,
        "consent": None,
        "created": now,
        "currency": totals["currency"],
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": _custom_text(params.get("custom_text") or {}),
        "customer": params.get("customer"),
        "customer_account": None,
        "customer_creation": None if subscribes else params.get("customer_creation", "if_required"),
        "customer_details": None,
        "discounts": [],
        "expires_at": params.get("expires_at", now + DAY_S),
        "invoice": None,
        "invoice_creation": _no_invoice() if charges and not subscribes else None,
        "livemode": False,
        "metadata": metadata(params.get("metadata")),
        "mode": params["mode"],
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": params.get(
            "payment_method_collection", "always" if subscribes or not charges else "if_required"
        ),
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "payment_status": "unpaid" if charges else "no_payment_required",
        "permissions": None,
        "phone_number_collection": {
            "enabled": bool((params.get("phone_number_collection") or {}).get("enabled", False))
        },
        "presentment_details": None,
        "recovered_from": None,
        "saved_payment_method_options": None,
        "setup_intent": setup_intent,
        "shipping_cost": totals["shipping_cost"],
        "shipping_options": totals["shipping_options"],
        "status": "open",
        "subscription": None,
        "total_details": totals["total_details"],
        "ui_mode": params.get("ui_mode", "hosted_page"),
        "url": f"{base_url}/c/pay/{identifier}" if hosted else None,
        "wallet_options": None,
    }


def line_item(price: Object, quantity: int, amount_minor: int, description: str, given: dict[str, Any]) -> Object:
    """One line: `amount_minor` is price times quantity before discounts and tax."""
    adjustable = given.get("adjustable_quantity")
    return {
        "id": ids.make("item"),
        "object": "item",
        "adjustable_quantity": _adjustable(adjustable) if adjustable else None,
        "amount_discount": 0,
        "amount_subtotal": amount_minor,
        "amount_tax": 0,
        "amount_total": amount_minor,
        "currency": price["currency"],
        "description": description,
        "metadata": metadata(given.get("metadata")),
        "price": price,
        "quantity": quantity,
    }


def _adjustable(given: dict[str, Any]) -> Object:
    return {
        "enabled": given["enabled"],
        "maximum": given.get("maximum", 99),
        "minimum": given.get("minimum", 0),
    }


def _automatic_tax(given: dict[str, Any]) -> Object:
    enabled = bool(given.get("enabled", False))
    return {
        "enabled": enabled,
        "liability": SELF_ISSUER if enabled else None,
        "provider": "stripe" if enabled else None,
        "status": "requires_location_inputs" if enabled else None,
    }


def _custom_text(given: dict[str, Any]) -> Object:
    places = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
    return {place: given.get(place) or None for place in places}


def _no_invoice() -> Object:
    return {
        "enabled": False,
        "invoice_data": {
            "account_tax_ids": None,
            "custom_fields": None,
            "description": None,
            "footer": None,
            "issuer": None,
            "metadata": {},
            "rendering_options": None,
        },
    }
