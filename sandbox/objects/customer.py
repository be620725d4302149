"""The customer resource."""

from __future__ import annotations

from typing import Any

from sandbox import ids
from sandbox.objects import Object, address, metadata


def build(params: dict[str, Any], now: int) -> Object:
    """A customer from the parameters of its create call."""
    return {
        "id": ids.make("customer"),
        "object": "customer",
        "address": address(params["address"]) if params.get("address") else None,
        "balance": params.get("balance", 0),
        "created": now,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": params.get("description") or None,
        "discount": None,
        "email": params.get("email") or None,
        "invoice_prefix": params.get("invoice_prefix") or ids.token(8).upper(),
        "invoice_settings": invoice_settings(params.get("invoice_settings") or {}),
        "livemode": False,
        "metadata": metadata(params.get("metadata")),
        "name": params.get("name") or None,
        "next_invoice_sequence": params.get("next_invoice_sequence", 1),
        "phone": params.get("phone") or None,
        "preferred_locales": params.get("preferred_locales", []),
        "shipping": shipping(params.get("shipping")),
        "tax_exempt": params.get("tax_exempt") or "none",
        "test_clock": None,
    }


def invoice_settings(given: dict[str, Any]) -> Object:
    """Defaults that a customer's invoices take over."""
    return {
        "custom_fields": given.get("custom_fields") or None,
        "default_payment_method": given.get("default_payment_method") or None,
        "footer": given.get("footer") or None,
        "rendering_options": None,
    }


def shipping(given: Any) -> Object | None:
    """A complete shipping block, or None when none was given or it was cleared."""
    if not given:
        return None
    block = {"address": address(given.get("address")), "name": given.get("name")}
    return block | {"phone": given.get("phone") or None}


def tombstone(identifier: str) -> Object:
    """What is left of a deleted customer."""
    return {"id": identifier, "object": "customer", "deleted": True}
