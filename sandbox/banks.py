"""Stripe's test bank accounts for ACH debits and what becomes of each debit (docs.stripe.com/testing)."""

from __future__ import annotations

from dataclasses import dataclass

ROUTING_NUMBER = "110000000"


@dataclass(frozen=True)
class TestBank:
    """One account number; `failure` is the code with which its debits come back, None when they are paid."""

    __test__ = False  # the name is Stripe's, not a test of ours

    number: str
    label: str
    failure: str | None = None
    waits: bool = False
    """The debit stays pending until the control door decides."""

    @property
    def last4(self) -> str:
        """The last four digits, as every page shows them."""
        return self.number[-4:]


FAILURES = {
    "account_closed": "The customer's bank account has been closed.",
    "debit_not_authorized": "The customer has notified their bank that this payment was unauthorized.",
    "insufficient_funds": "The customer's account has insufficient funds to cover this payment.",
    "no_account": "The customer's bank account could not be located.",
}
BANKS = (
    TestBank("000123456789", "Pays after some days"),
    TestBank("000111111113", "Comes back: account closed", "account_closed"),
    TestBank("000111111116", "Comes back: no such account", "no_account"),
    TestBank("000222222227", "Comes back: insufficient funds", "insufficient_funds"),
    TestBank("000333333335", "Comes back: not authorized", "debit_not_authorized"),
    TestBank("000000000009", "Stays pending", waits=True),
)
BY_NUMBER = {bank.number: bank for bank in BANKS}
