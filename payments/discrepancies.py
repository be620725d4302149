"""What may not add up between the processor and the books, and how old it may grow (rules/ledger.md section 7).

Only the first limit is the rules' own; the others are POLICY.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from ledger.discrepancies import Discrepancy

NOT_POSTED: Final = Discrepancy("balance_transaction_not_posted", limit=timedelta(hours=1))
IN_SUSPENSE: Final = Discrepancy("balance_transaction_in_suspense", limit=timedelta(days=2))
CHANGED: Final = Discrepancy("balance_transaction_changed", limit=timedelta(days=1))
PARTS_DIFFER: Final = Discrepancy("stripe_payout_differs", limit=timedelta(days=2))
BALANCE_DIFFERS: Final = Discrepancy("stripe_balance_differs", limit=timedelta(days=1))
BALANCE_NEGATIVE: Final = Discrepancy("stripe_balance_negative", limit=timedelta(days=2))
CLEARING_OPEN: Final = Discrepancy("clearing_open", limit=timedelta(days=1))
SIGNATURES_BAD: Final = Discrepancy("webhook_signatures_bad", limit=timedelta(hours=1))
CALL_UNKNOWN: Final = Discrepancy("stripe_call_unknown", limit=timedelta(hours=2))
