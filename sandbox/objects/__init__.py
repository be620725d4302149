"""Builders of complete Stripe resources: plain dicts with every field that the SDK's resource class requires."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]


def empty_address() -> Object:
    """An address whose fields are all unknown."""
    return {"city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None}


def address(given: Object | None) -> Object:
    """A complete address from the fields that were given."""
    return empty_address() | {key: value or None for key, value in (given or {}).items()}


def billing_details(
    email: str | None = None, name: str | None = None, phone: str | None = None, postal: str | None = None
) -> Object:
    """Who pays, as a payment method and a charge show it."""
    return {
        "address": address({"postal_code": postal, "country": "US" if postal else None}),
        "email": email,
        "name": name,
        "phone": phone,
        "tax_id": None,
    }


def metadata(given: Any) -> dict[str, str]:
    """Metadata as Stripe keeps it: keys with an empty value are dropped."""
    return {key: value for key, value in (given or {}).items() if value != ""}


def merged_metadata(current: dict[str, str], given: Any) -> dict[str, str]:
    """Metadata after an update: an empty string clears everything, an empty value unsets its key."""
    if given is None:
        return current
    return {} if given == "" else metadata({**current, **given})


def listed(data: list[Object], url: str, *, has_more: bool = False) -> Object:
    """Stripe's list object."""
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


SELF_ISSUER: Object = {"type": "self"}
