"""What may not add up at the bank, and how old it may grow (rules/ledger.md section 7; where it gives none, POLICY)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from ledger.discrepancies import Discrepancy

DUPLICATE: Final = Discrepancy("bank_line_duplicate", limit=timedelta(days=2))
LINE_UNKNOWN: Final = Discrepancy("bank_line_unknown", limit=timedelta(days=2))
AMOUNT_DIFFERS: Final = Discrepancy("bank_amount_differs", limit=timedelta(days=2))
RETURN_UNMATCHED: Final = Discrepancy("partner_return_unmatched", limit=timedelta(days=2))
# Opened when the five bank days are over, so it is overdue from the beginning.
NOT_AT_BANK: Final = Discrepancy("payout_not_at_bank", limit=timedelta(0))
STATEMENT_GAP: Final = Discrepancy("bank_statement_gap", limit=timedelta(days=2))
BALANCE_DIFFERS: Final = Discrepancy("bank_balance_differs", limit=timedelta(days=2))
