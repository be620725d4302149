"""The refund: all or part of a charge on its way back."""

from __future__ import annotations

from typing import Any

from sandbox import ids
from sandbox.objects import Object, metadata


def build(charge: Object, amount_minor: int, params: dict[str, Any], now: int) -> Object:
    """A refund that is still pending; `params` are those of the request, for reason and metadata."""
    return {
        "id": ids.make("refund") if charge["id"].startswith("ch_") else "pyr_" + ids.token(24),
        "object": "refund",
        "amount": amount_minor,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": None,
        "destination_details": _destination(charge),
        "metadata": metadata(params.get("metadata")),
        "next_action": None,
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "pending_reason": "processing",
        "reason": params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending",
        "transfer_reversal": None,
    }


def _destination(charge: Object) -> Object | None:
    kind = charge["payment_method_details"]["type"]
    if kind == "us_bank_account":
        return {"type": "us_bank_transfer", "us_bank_transfer": {"reference": None, "reference_status": "pending"}}
    if kind != "card":
        return None
    return {
        "card": {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"},
        "type": "card",
    }
