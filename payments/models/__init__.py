"""What we know of the processor: events received, calls made, checkouts, charges, and its own account of our money."""

from payments.models.balance import BalanceTransaction
from payments.models.calls import UNFINISHED_CALLS, StripeCall
from payments.models.charges import Charge
from payments.models.checkouts import CheckoutSession
from payments.models.events import ObjectVersion, StripeEvent

__all__ = [
    "UNFINISHED_CALLS",
    "BalanceTransaction",
    "Charge",
    "CheckoutSession",
    "ObjectVersion",
    "StripeCall",
    "StripeEvent",
]
