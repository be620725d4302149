"""Partners, what was promised to them, what each payment gave them, and how it reached their bank."""

from partners.models.ach_returns import AchReturnFile, AchReturnRow
from partners.models.agreements import Agreement
from partners.models.allocations import Allocation, AllocationLine
from partners.models.bank import BankAccount, BankLine, BankStatement, ColumnProfile, StatementFile, StatementRow
from partners.models.connect import OnboardingLink, PartnerAccount
from partners.models.contacts import PartnerContact
from partners.models.destinations import DestinationEvent, Method, PayoutDestination, PayoutHold
from partners.models.holds import AllocationReversal, AllocationReversalLine, Hold
from partners.models.limits import AgreementTotal, CapSource
from partners.models.matches import LearnedRule, Match, MatchEntry, MatchEvent, MatchItem
from partners.models.organisations import Partner
from partners.models.papers import AgreementDuty, AgreementEvent, AgreementTerms, Duty, StateRule
from partners.models.past import PastShare
from partners.models.payouts import PartnerPayout, PayoutAttempt, PayoutBatch, PayoutItem, PayoutPolicy
from partners.models.sending import AchEntry, AchFile, AchOriginator, Cheque, PrenoteOutcome
from partners.models.steps import PayoutEvent
from partners.models.waiting import WaitingShare

__all__ = [
    "AchEntry",
    "AchFile",
    "AchOriginator",
    "AchReturnFile",
    "AchReturnRow",
    "Agreement",
    "AgreementDuty",
    "AgreementEvent",
    "AgreementTerms",
    "AgreementTotal",
    "Allocation",
    "AllocationLine",
    "AllocationReversal",
    "AllocationReversalLine",
    "BankAccount",
    "BankLine",
    "BankStatement",
    "CapSource",
    "Cheque",
    "ColumnProfile",
    "DestinationEvent",
    "Duty",
    "Hold",
    "LearnedRule",
    "Match",
    "MatchEntry",
    "MatchEvent",
    "MatchItem",
    "Method",
    "OnboardingLink",
    "Partner",
    "PartnerAccount",
    "PartnerContact",
    "PartnerPayout",
    "PastShare",
    "PayoutAttempt",
    "PayoutBatch",
    "PayoutDestination",
    "PayoutEvent",
    "PayoutHold",
    "PayoutItem",
    "PayoutPolicy",
    "PrenoteOutcome",
    "StateRule",
    "StatementFile",
    "StatementRow",
    "WaitingShare",
]
