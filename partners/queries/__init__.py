"""What other packages and pages may read about partners."""

from partners.queries.account import (
    Earned,
    Month,
    Payment,
    Totals,
    earned,
    months,
    owed,
    paid_by_partner,
    payments,
    taken_back,
    totals,
)
from partners.queries.promises import (
    Promise,
    promise_of,
    promises_during,
    promises_for,
    promises_for_many,
    promises_of,
)
from partners.queries.shares import Share, ShareOfLine, shares_of, shares_of_many

__all__ = [
    "Earned",
    "Month",
    "Payment",
    "Promise",
    "Share",
    "ShareOfLine",
    "Totals",
    "earned",
    "months",
    "owed",
    "paid_by_partner",
    "payments",
    "promise_of",
    "promises_during",
    "promises_for",
    "promises_for_many",
    "promises_of",
    "shares_of",
    "shares_of_many",
    "taken_back",
    "totals",
]
