"""The balance transaction of a charge."""

from __future__ import annotations

from sandbox import ids
from sandbox.objects import Object


def for_charge(charge: Object, fee_minor: int, now: int, available_on: int) -> Object:
    """Money of a charge arriving in the balance, with its fee; pending until `available_on`."""
    return {
        "id": ids.make("balance_transaction"),
        "object": "balance_transaction",
        "amount": charge["amount"],
        "available_on": available_on,
        "balance_type": "payments",
        "created": now,
        "currency": charge["currency"],
        "description": charge["description"],
        "exchange_rate": None,
        "fee": fee_minor,
        "fee_details": [
            {
                "amount": fee_minor,
                "application": None,
                "currency": charge["currency"],
                "description": "Stripe processing fees",
                "type": "stripe_fee",
            }
        ],
        "net": charge["amount"] - fee_minor,
        "reporting_category": "charge",
        "source": charge["id"],
        "status": "available" if available_on <= now else "pending",
        "type": "charge",
    }
