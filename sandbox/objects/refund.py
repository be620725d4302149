"""The refund: all or part of a charge on its way back."""

from __future__ import annotations

from typing import Any

from sandbox import ids
from sandbox.objects import Object, metadata


def build(charge: Object, amount_minor: int, params: dict[str, Any], now: int) -> Object:
    """A refund that is still pending; `params` are those of the request, for reason and metadata."""
    return {
        "id": ids.make("refund"),
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
    if charge["payment_method_details"]["type"] != "card":
        return None
    return {
        "card": {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"},
        "type": "card",
    }
