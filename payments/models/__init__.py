"""What we know of the processor: events, calls, checkouts, charges, returns, transfers, payouts, accounts."""

from payments.models.accounts import ConnectedAccount
from payments.models.adoptions import AdoptedSubscription, StripeCustomer
from payments.models.balance import BalanceComparison, BalanceListing, BalanceTransaction
from payments.models.calls import UNFINISHED_CALLS, StripeCall
from payments.models.charges import Charge
from payments.models.checkouts import CheckoutSession
from payments.models.endpoints import EndpointCheck
from payments.models.events import ObjectVersion, StripeEvent
from payments.models.payouts import StripePayout
from payments.models.reconciling import ReconcileWalk
from payments.models.returns import Dispute, Refund
from payments.models.transfers import Transfer, TransferReversal

__all__ = [
    "UNFINISHED_CALLS",
    "AdoptedSubscription",
    "BalanceComparison",
    "BalanceListing",
    "BalanceTransaction",
    "Charge",
    "CheckoutSession",
    "ConnectedAccount",
    "Dispute",
    "EndpointCheck",
    "ObjectVersion",
    "ReconcileWalk",
    "Refund",
    "StripeCall",
    "StripeCustomer",
    "StripeEvent",
    "StripePayout",
    "Transfer",
    "TransferReversal",
]
