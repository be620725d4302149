"""What every builder is made of: when and about what, and amounts as postings."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal, NotRequired, TypedDict

from ledger.drafts import AccountRef, BadPosting, PostingDraft

CLEARING: Final = AccountRef("clearing")
STRIPE_BALANCE: Final = AccountRef("stripe_balance")
IN_TRANSIT: Final = AccountRef("in_transit")
DISPUTES: Final = AccountRef("disputes")
DEPOSITS: Final = AccountRef("deposits")
GIFT_CARDS: Final = AccountRef("gift_cards")
SUSPENSE: Final = AccountRef("suspense")
SALES: Final = AccountRef("sales")
PROCESSING_FEES: Final = AccountRef("processing_fees")
DISPUTE_FEES: Final = AccountRef("dispute_fees")
EARLIER_COVER: Final = AccountRef("prior_year_refunds")  # of fees covered for no fund, in years that are closed

Recognition = Literal["grant", "agency"]


class Occasion(TypedDict):
    """When a fact happened, and `source` ("order:1042"), what it tells of; the rest as in `EntryDraft`."""

    source: str
    event_at: datetime
    effective_on: date
    actor: NotRequired[str]


class About(Occasion):
    """What every fact in one currency has."""

    currency: str


def moves(*parts: tuple[AccountRef, AccountRef, int]) -> tuple[PostingDraft, ...]:
    """(debit, credit, amount) as postings; zero makes none. Raises BadPosting for what is not zero or above."""
    refuse_below_zero(*(amount for _, _, amount in parts))
    return tuple(PostingDraft(debit, credit, amount) for debit, credit, amount in parts if amount)


def signed(*parts: tuple[AccountRef, AccountRef, int]) -> tuple[PostingDraft, ...]:
    """(debit, credit, amount) as postings; a negative amount goes the other way."""
    refuse_fractions(*(amount for _, _, amount in parts))
    return moves(*((d, c, amount) if amount >= 0 else (c, d, -amount) for d, c, amount in parts))


def contributions(fund: str) -> AccountRef:
    """The gifts to a fund, by its slug; raises BadPosting when it is not named."""
    return of_fund("contributions", fund)


def earlier_gifts(fund: str) -> AccountRef:
    """What is given back of the gifts to a fund in years that are closed."""
    return of_fund("prior_year_refunds", fund)


def owed(partner: str, recognition: Recognition) -> AccountRef:
    """What a partner is owed: a grant of ours, or a donor's money that we hold as their agent; never one account."""
    return AccountRef("agent_held" if recognition == "agency" else "payable", partner)


def set_aside(partner: str, recognition: Recognition) -> AccountRef:
    """What a partner is owed and cannot be paid yet, as `owed` tells the two apart."""
    return AccountRef("agent_set_aside" if recognition == "agency" else "held", partner)


def in_flight(partner: str, recognition: Recognition) -> AccountRef:
    """What was sent to a partner and has not arrived, as `owed` tells the two apart."""
    return AccountRef("agent_in_flight" if recognition == "agency" else "payout_in_flight", partner)


def given(recognition: Recognition, fund: str, *, prior_year: bool = False) -> AccountRef:
    """Where a share comes from: our grants, or for agency money the fund's own gifts.

    What is taken back of an earlier year's share is kept out of this year's figures (rules/ledger.md section 8).
    """
    if recognition == "agency":
        return earlier_gifts(fund) if prior_year else contributions(fund)
    return AccountRef("prior_year_reversals" if prior_year else "allocations")


def bank_account(bank: str) -> AccountRef:
    """Our account at a bank ("bank:1"); empty while there is only one."""
    return AccountRef("bank", bank)


def of_fund(purpose: str, fund: str) -> AccountRef:
    """The account of a purpose for a fund, by its slug; raises BadPosting when it is not named."""
    if not fund:
        raise BadPosting(f"{purpose} must name a fund, not {fund!r}")
    return AccountRef(purpose, f"fund:{fund}")


def refuse_below_zero(*amounts_minor: int) -> None:
    """Raise BadPosting for an amount that is negative or not a whole number, saying which."""
    refuse_fractions(*amounts_minor)
    for amount in amounts_minor:
        if amount < 0:
            raise BadPosting(f"an amount here is zero or above, not {amount}")


def refuse_fractions(*amounts_minor: object) -> None:
    """Raise BadPosting for an amount that is not a whole number of minor units, saying which."""
    for amount in amounts_minor:
        if type(amount) is not int:
            raise BadPosting(f"an amount is a whole number of minor units, not {amount!r}")
