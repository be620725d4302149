"""The setup intent: a card to be kept for later, without a payment."""

from __future__ import annotations

from typing import Any

from sandbox import ids
from sandbox.objects import Object, metadata


def build(customer: str | None, data: dict[str, Any], now: int) -> Object:
    """A setup intent that waits for a payment method; `data` is the session's `setup_intent_data`."""
    identifier = ids.make("setup_intent")
    return {
        "id": identifier,
        "object": "setup_intent",
        "application": None,
        "automatic_payment_methods": None,
        "cancellation_reason": None,
        "client_secret": f"{identifier}_secret_{ids.token(25)}",
        "created": now,
        "customer": customer,
        "customer_account": None,
        "description": data.get("description"),
        "excluded_payment_method_types": None,
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": False,
        "mandate": None,
        "metadata": metadata(data.get("metadata")),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {
            "card": {"mandate_options": None, "network": None, "request_three_d_secure": "automatic"}
        },
        "payment_method_types": ["card"],
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": "off_session",
    }
