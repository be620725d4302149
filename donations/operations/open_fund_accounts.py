"""The accounts of a fund are there, under the fund's own restriction, before its first gift is posted."""

from __future__ import annotations

from typing import Final

from donations.models import Fund
from ledger.models import Account
from ledger.operations.open_account import RestrictionFixed, open_account
from people.queries import organisation

__all__ = ["RESTRICTED_LIKE_THE_FUND", "RestrictionFixed", "open_fund_accounts", "restriction_in_the_books"]

# Gifts, and what is given back of earlier years' gifts; what was released stands on accounts that say so themselves.
RESTRICTED_LIKE_THE_FUND: Final = ("contributions", "prior_year_refunds")


def open_fund_accounts(fund: Fund) -> None:
    """Open what gifts to the fund are posted to (rules/ledger.md section 8); safe to repeat, inside the caller's
    transaction.

    An account that a posting makes by itself is without restriction, and stays so. Raises RestrictionFixed for a fund
    that would be restricted otherwise than the money it has already taken: that needs a fund of its own.
    """
    for purpose in RESTRICTED_LIKE_THE_FUND:
        open_account(
            purpose=purpose,
            owner=f"fund:{fund.slug}",
            currency=organisation().currency,
            restriction=restriction_in_the_books(fund),
        )


def restriction_in_the_books(fund: Fund) -> str:
    """What a fund's own word for its restriction means in the books: the donor's wish is a purpose, too."""
    if fund.restriction == Fund.Restriction.NONE:
        return Account.Restriction.WITHOUT.value
    return Account.Restriction.PURPOSE.value
