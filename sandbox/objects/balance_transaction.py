"""The balance transaction: one movement of the balance, with its fees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sandbox import ids
from sandbox.objects import Object

CATEGORIES = {
    "adjustment": "other_adjustment",
    "payment": "charge",
    "payment_failure_refund": "charge_failure",
    "payment_refund": "refund",
    "payment_reversal": "charge_failure",
    "payout_cancel": "payout_reversal",
    "payout_failure": "payout_reversal",
    "stripe_fee": "fee",
    "stripe_fx_fee": "fee",
    "tax_fee": "tax",
    "transfer_cancel": "transfer_reversal",
    "transfer_failure": "transfer_reversal",
    "transfer_refund": "transfer_reversal",
}
"""`reporting_category` where it is not the type itself (docs.stripe.com/reports/reporting-categories)."""


class Fee(NamedTuple):
    """One part of a fee; `type` is `stripe_fee`, `application_fee`, `tax` and so on."""

    amount_minor: int
    description: str
    type: str = "stripe_fee"


def build(
    *,
    type: str,
    amount_minor: int,
    currency: str,
    source: str | None,
    now: int,
    available_on: int,
    fees: Sequence[Fee] = (),
    description: str | None = None,
    category: str | None = None,
) -> Object:
    """A movement of `amount_minor` less `fees`, pending until `available_on`; `category` overrules the type's own."""
    fee_minor = sum(fee.amount_minor for fee in fees)
    return {
        "id": ids.make("balance_transaction"),
        "object": "balance_transaction",
        "amount": amount_minor,
        "available_on": available_on,
        "balance_type": "payments",
        "created": now,
        "currency": currency,
        "description": description,
        "exchange_rate": None,
        "fee": fee_minor,
        "fee_details": [_detail(fee, currency) for fee in fees],
        "net": amount_minor - fee_minor,
        "reporting_category": category or CATEGORIES.get(type, type),
        "source": source,
        "status": "available" if available_on <= now else "pending",
        "type": type,
    }


def _detail(fee: Fee, currency: str) -> Object:
    return {
        "amount": fee.amount_minor,
        "application": None,
        "currency": currency,
        "description": fee.description,
        "type": fee.type,
    }
