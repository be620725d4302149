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
    happened="An entry by hand booked a payment out of suspense, and it went back to the donor as well. Suspense, and "
    "what the entry made of the payment, are too high by the amount here.",
    to_do="Take the entry back by another one that two people approve, as far as the payment went back, and name the "
    "same charge in it; then settle this with that entry.",
)
KINDS: Final = (PAID_OTHERWISE, TAKEN_OUT_TWICE)
