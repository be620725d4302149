"""The transfer to a connected account, its reversal, and how both look from there."""

from __future__ import annotations

from typing import Any

from sandbox import ids
from sandbox.objects import Object, listed, metadata
from sandbox.objects import charge as charges


def build(params: dict[str, Any], now: int, *, transfer_group: str | None) -> Object:
    """A transfer that nothing has been taken back of."""
    identifier = ids.make("transfer")
    return {
        "id": identifier,
        "object": "transfer",
        "amount": params["amount"],
        "amount_reversed": 0,
        "balance_transaction": None,
        "created": now,
        "currency": params["currency"],
        "description": params.get("description"),
        "destination": params["destination"],
        "destination_payment": None,
        "livemode": False,
        "metadata": metadata(params.get("metadata")),
        "reversals": listed([], f"/v1/transfers/{identifier}/reversals"),
        "reversed": False,
        "source_transaction": params.get("source_transaction"),
        "source_type": params.get("source_type", "card"),
        "transfer_group": transfer_group,
    }


def payment(transfer: Object, now: int) -> Object:
    """The charge by which the money arrives in the account."""
    made = charges.bare(transfer["amount"], transfer["currency"], now, identifier="py_" + ids.token(24))
    return made | {
        "payment_method_details": {"stripe_account": {}, "type": "stripe_account"},
        "source_transfer": transfer["id"],
        "transfer_group": transfer["transfer_group"],
    }


def reversal(transfer: Object, amount_minor: int, params: dict[str, Any], now: int) -> Object:
    """All or part of a transfer on its way back to the platform."""
    return {
        "id": ids.make("transfer_reversal"),
        "object": "transfer_reversal",
        "amount": amount_minor,
        "balance_transaction": None,
        "created": now,
        "currency": transfer["currency"],
        "destination_payment_refund": None,
        "metadata": metadata(params.get("metadata")),
        "source_refund": None,
        "transfer": transfer["id"],
    }
