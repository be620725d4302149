"""The payout, and the bank account that it goes to."""

from __future__ import annotations

from typing import Any

from sandbox import ids
from sandbox.objects import Object, metadata


def build(
    amount_minor: int,
    currency: str,
    destination: str,
    now: int,
    arrival: int,
    *,
    automatic: bool,
    params: dict[str, Any] | None = None,
) -> Object:
    """A payout on its way, below zero when the bank is debited; an automatic one has left, another one waits."""
    params = params or {}
    return {
        "id": ids.make("payout"),
        "object": "payout",
        "amount": amount_minor,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": arrival,
        "automatic": automatic,
        "balance_transaction": None,
        "created": now,
        "currency": currency,
        "description": params.get("description", "STRIPE PAYOUT" if automatic else None),
        "destination": destination,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": metadata(params.get("metadata")),
        "method": params.get("method", "standard"),
        "original_payout": None,
        "payout_method": None,
        "reconciliation_status": "in_progress" if automatic else "not_applicable",
        "reversed_by": None,
        "source_type": params.get("source_type", "card"),
        "statement_descriptor": params.get("statement_descriptor"),
        "status": "in_transit" if automatic else "pending",
        "trace_id": {"status": "pending", "value": None},
        "type": "bank_account",
    }


def bank_account(currency: str) -> Object:
    """Where the money goes; there is no bank behind it."""
    return {
        "id": ids.make("bank_account"),
        "object": "bank_account",
        "account_holder_name": None,
        "account_holder_type": "company",
        "account_type": None,
        "bank_name": "STRIPE TEST BANK",
        "country": "US",
        "currency": currency,
        "fingerprint": ids.token(16),
        "last4": "6789",
        "routing_number": "110000000",
        "status": "new",
    }
