"""The US bank account as a payment method."""

from __future__ import annotations

import hashlib

from sandbox import ids
from sandbox.banks import ROUTING_NUMBER, TestBank
from sandbox.objects import Object


def build(bank: TestBank, billing: Object, now: int) -> Object:
    """An unattached bank account, known well enough to be debited."""
    return {
        "id": ids.make("payment_method"),
        "object": "payment_method",
        "allow_redisplay": "limited",
        "billing_details": billing,
        "created": now,
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": "us_bank_account",
        "us_bank_account": {
            "account_holder_type": "individual",
            "account_type": "checking",
            "bank_name": "STRIPE TEST BANK",
            "financial_connections_account": None,
            "fingerprint": hashlib.sha256(bank.number.encode()).hexdigest()[:16],
            "last4": bank.last4,
            "networks": {"preferred": "ach", "supported": ["ach"]},
            "routing_number": ROUTING_NUMBER,
            "status_details": {},
        },
    }


def details(method: Object) -> Object:
    """The account as a charge shows it."""
    account = method["us_bank_account"]
    shown = ("account_holder_type", "account_type", "bank_name", "fingerprint", "last4", "routing_number")
    known = {name: account[name] for name in shown}
    return known | {"expected_debit_date": None, "mandate": None, "payment_reference": None}
