"""Products, prices (with the plan that subscription items still carry) and shipping rates."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox import ids
from sandbox.objects import Object, metadata


def product(params: dict[str, Any], now: int, *, active: bool = True) -> Object:
    """A product; `active` is False for one made in passing by `product_data`."""
    return {
        "id": params.get("id") or ids.make("product"),
        "object": "product",
        "active": params.get("active", active),
        "created": now,
        "default_price": None,
        "description": params.get("description") or None,
        "images": params.get("images") or [],
        "livemode": False,
        "marketing_features": params.get("marketing_features") or [],
        "metadata": metadata(params.get("metadata")),
        "name": params["name"],
        "package_dimensions": params.get("package_dimensions") or None,
        "shippable": params.get("shippable"),
        "statement_descriptor": params.get("statement_descriptor"),
        "tax_code": params.get("tax_code") or None,
        "type": params.get("type", "service"),
        "unit_label": params.get("unit_label") or None,
        "updated": now,
        "url": params.get("url") or None,
    }


def price(params: dict[str, Any], product_id: str, now: int, *, active: bool = True) -> Object:
    """A price of `product_id` from create parameters or from `price_data` (then `active` is False)."""
    unit_amount, unit_amount_decimal = _unit_amounts(params)
    recurring = params.get("recurring")
    return {
        "id": ids.make("price"),
        "object": "price",
        "active": params.get("active", active),
        "billing_scheme": "per_unit",
        "created": now,
        "currency": params["currency"],
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": params.get("lookup_key"),
        "metadata": metadata(params.get("metadata")),
        "nickname": params.get("nickname"),
        "product": product_id,
        "recurring": _recurring(recurring) if recurring else None,
        "tax_behavior": params.get("tax_behavior", "unspecified"),
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring" if recurring else "one_time",
        "unit_amount": unit_amount,
        "unit_amount_decimal": unit_amount_decimal,
    }


def _unit_amounts(params: dict[str, Any]) -> tuple[int | None, str]:
    given = params.get("unit_amount_decimal")
    if given is None:
        return int(params["unit_amount"]), str(params["unit_amount"])
    exact = Decimal(str(given))
    whole = int(exact) if exact == exact.to_integral_value() else None
    return whole, format(exact.normalize(), "f")


def _recurring(given: dict[str, Any]) -> Object:
    return {
        "interval": given["interval"],
        "interval_count": given.get("interval_count", 1),
        "meter": None,
        "trial_period_days": None,
        "usage_type": given.get("usage_type", "licensed"),
    }


def amount_minor(priced: Object, quantity: int) -> int:
    """What `quantity` of a price costs in minor units, half up."""
    exact = Decimal(priced["unit_amount_decimal"]) * quantity
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def plan(priced: Object) -> Object:
    """The older twin of a recurring price, still required on subscription items."""
    return {
        "id": priced["id"],
        "object": "plan",
        "active": priced["active"],
        "amount": priced["unit_amount"],
        "amount_decimal": priced["unit_amount_decimal"],
        "billing_scheme": "per_unit",
        "created": priced["created"],
        "currency": priced["currency"],
        "interval": priced["recurring"]["interval"],
        "interval_count": priced["recurring"]["interval_count"],
        "livemode": False,
        "metadata": dict(priced["metadata"]),
        "meter": None,
        "nickname": priced["nickname"],
        "product": priced["product"],
        "tiers_mode": None,
        "transform_usage": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }


def shipping_rate(params: dict[str, Any], now: int) -> Object:
    """A shipping rate from `shipping_rate_data`."""
    return {
        "id": ids.make("shipping_rate"),
        "object": "shipping_rate",
        "active": True,
        "created": now,
        "delivery_estimate": _estimate(params.get("delivery_estimate")),
        "display_name": params["display_name"],
        "fixed_amount": {
            "amount": params["fixed_amount"]["amount"],
            "currency": params["fixed_amount"]["currency"],
        },
        "livemode": False,
        "metadata": metadata(params.get("metadata")),
        "tax_behavior": params.get("tax_behavior", "unspecified"),
        "tax_code": params.get("tax_code"),
        "type": "fixed_amount",
    }


def _estimate(given: dict[str, Any] | None) -> Object | None:
    return {"maximum": given.get("maximum"), "minimum": given.get("minimum")} if given else None
