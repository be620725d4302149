"""The books: accounts, entries of pair postings, the months they fall in, and the queue of what is not yet sealed.

Written by `ledger.operations` only. Entries and postings are append-only: migration 0002 holds the guards.
"""

from ledger.models.accounts import Account
from ledger.models.by_hand import ManualEntry, ManualEntryEdit, Opening
from ledger.models.entries import Entry, Posting
from ledger.models.findings import BooksRun, ExceptionEvent, ReconciliationException
from ledger.models.months import BalanceSnapshot, MonthWork, Period, PeriodEvent
from ledger.models.publications import LedgerExport, Proof, ProofLeaf, TrialBalanceExport
from ledger.models.seals import Anchor, Seal, Unsealed

__all__ = [
    "Account",
    "Anchor",
    "BalanceSnapshot",
    "BooksRun",
    "Entry",
    "ExceptionEvent",
    "LedgerExport",
    "ManualEntry",
    "ManualEntryEdit",
    "MonthWork",
    "Opening",
    "Period",
    "PeriodEvent",
    "Posting",
    "Proof",
    "ProofLeaf",
    "ReconciliationException",
    "Seal",
    "TrialBalanceExport",
    "Unsealed",
]
