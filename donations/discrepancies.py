"""What may not add up between gifts and their payments, and how old it may grow. POLICY."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from ledger.discrepancies import Discrepancy

PAID_OTHERWISE: Final = Discrepancy(
    "gift_payment_differs",
    limit=timedelta(days=2),
    title="A payment that is not the gift that was asked for",
    happened="A payment for a gift came in another amount or currency, or came a second time. It is recorded as no "
    "gift, and lies in suspense.",
    to_do="Ask the donor what was meant. Give it back on the gift's page, or at Stripe if it is a second one, and this "
    "closes; or have it booked by an entry that two people approve.",
)
TAKEN_OUT_TWICE: Final = Discrepancy(
    "suspense_taken_out_twice",
    limit=timedelta(days=2),
    title="A payment left suspense twice",
    happened="A payment went back to the donor out of suspense, and an entry by hand or the donor's bank took it "
    "out of there as well. Suspense lacks the amount here.",
    to_do="Where an entry by hand booked it, take that entry back by another one. Where the bank took it, book the "
    "amount as a chargeback loss against suspense, and tell the bank of the refund. Name the charge in the entry, "
    "which two people approve, and settle this with it.",
)
KINDS: Final = (PAID_OTHERWISE, TAKEN_OUT_TWICE)
