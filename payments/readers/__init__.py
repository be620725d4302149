"""Looks at Stripe's objects: each fetches one (never trusting an event's copy of it) and translates it."""

from payments.readers.accounts import read_account
from payments.readers.balance import read_balance_transaction, read_payout
from payments.readers.charges import read_charge
from payments.readers.checkouts import read_checkout
from payments.readers.invoices import read_invoice
from payments.readers.returns import charge_of_dispute, charge_of_refund, read_returns
from payments.readers.subscriptions import read_subscription
from payments.readers.transfers import read_transfer

__all__ = [
    "charge_of_dispute",
    "charge_of_refund",
    "read_account",
    "read_balance_transaction",
    "read_charge",
    "read_checkout",
    "read_invoice",
    "read_payout",
    "read_returns",
    "read_subscription",
    "read_transfer",
]
