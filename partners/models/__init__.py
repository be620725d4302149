"""Partners, what was promised to them, what each payment gave them, and how it reached their bank."""

from partners.models.agreements import Agreement
from partners.models.allocations import Allocation, AllocationLine
from partners.models.bank import BankAccount, BankLine, BankStatement, Match
from partners.models.holds import AllocationReversal, AllocationReversalLine, Hold
from partners.models.organisations import Partner
from partners.models.past import PastShare
from partners.models.payouts import PartnerPayout, PayoutBatch, PayoutItem, PayoutPolicy
from partners.models.waiting import WaitingShare

__all__ = [
    "Agreement",
    "Allocation",
    "AllocationLine",
    "AllocationReversal",
    "AllocationReversalLine",
    "BankAccount",
    "BankLine",
    "BankStatement",
    "Hold",
    "Match",
    "Partner",
    "PartnerPayout",
    "PastShare",
    "PayoutBatch",
    "PayoutItem",
    "PayoutPolicy",
    "WaitingShare",
]
