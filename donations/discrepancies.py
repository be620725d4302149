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
KINDS: Final = (PAID_OTHERWISE,)
