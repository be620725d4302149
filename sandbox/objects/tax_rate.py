"""The tax rate that automatic tax has used."""

from __future__ import annotations

from sandbox import ids
from sandbox.objects import Object


def build(state: str, percent: str, now: int, *, inclusive: bool) -> Object:
    """A state's sales tax."""
    return {
        "id": ids.make("tax_rate"),
        "object": "tax_rate",
        "active": False,
        "country": "US",
        "created": now,
        "description": None,
        "display_name": "Sales Tax",
        "effective_percentage": float(percent),
        "flat_amount": None,
        "inclusive": inclusive,
        "jurisdiction": state,
        "jurisdiction_level": "state",
        "livemode": False,
        "metadata": {},
        "percentage": float(percent),
        "rate_type": "percentage",
        "state": state,
        "tax_type": "sales_tax",
    }
