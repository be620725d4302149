"""Identifiers shaped like Stripe's: a prefix that tells the type, then random letters and digits."""

from __future__ import annotations

import secrets
import string

ALPHABET = string.ascii_letters + string.digits

PREFIXES = {
    "account": "acct_",
    "balance_transaction": "txn_",
    "bank_account": "ba_",
    "charge": "ch_",
    "checkout.session": "cs_test_",
    "customer": "cus_",
    "dispute": "dp_",
    "event": "evt_",
    "invoice": "in_",
    "invoice_payment": "inpay_",
    "item": "li_",
    "line_item": "il_",
    "payment_intent": "pi_",
    "payment_method": "pm_",
    "payout": "po_",
    "price": "price_",
    "product": "prod_",
    "radar.early_fraud_warning": "issfr_",
    "refund": "re_",
    "setup_intent": "seti_",
    "shipping_rate": "shr_",
    "subscription": "sub_",
    "tax_rate": "txr_",
    "subscription_item": "si_",
    "transfer": "tr_",
    "transfer_reversal": "trr_",
    "webhook_endpoint": "we_",
}
ALIASES = {"py_": "charge", "pyr_": "refund"}
"""Payments that are not by card, and their refunds, are charges and refunds of another name."""

LENGTHS = {"account": 16, "checkout.session": 58, "customer": 14, "product": 14, "subscription_item": 14}


def make(object_name: str) -> str:
    """A new id for an object of this `object` value, such as `pi_…` for payment_intent."""
    return PREFIXES[object_name] + token(LENGTHS.get(object_name, 24))


def token(length: int) -> str:
    """Random letters and digits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def object_name_of(identifier: str) -> str | None:
    """The `object` value an id belongs to by its prefix, or None when the sandbox knows no such prefix."""
    for name, prefix in PREFIXES.items():
        if identifier.startswith(prefix):
            return name
    return next((name for prefix, name in ALIASES.items() if identifier.startswith(prefix)), None)
