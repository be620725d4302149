"""The card payment method."""

from __future__ import annotations

from sandbox import ids
from sandbox.objects import Object


def build(face: Object, billing: Object, now: int) -> Object:
    """An unattached card; `face` is what `engine.cards_face` tells of a card number: brand, last4, expiry."""
    return {
        "id": ids.make("payment_method"),
        "object": "payment_method",
        "allow_redisplay": "limited",
        "billing_details": billing,
        "card": {
            "brand": face["brand"],
            "checks": face["checks"],
            "country": face["country"],
            "display_brand": face["brand"],
            "exp_month": face["exp_month"],
            "exp_year": face["exp_year"],
            "fingerprint": face["fingerprint"],
            "funding": face["funding"],
            "generated_from": None,
            "last4": face["last4"],
            "networks": {"available": [face["brand"]], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        "created": now,
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }
