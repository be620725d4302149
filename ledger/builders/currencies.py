"""Money of several currencies: each entry is in one, and trading accounts tie two together (rules/ledger.md "FX").

A charge in another currency than the processor settles in is posted at what it settled for; the amount that the buyer
saw is metadata. Only money that is held in another currency, and then exchanged, comes here.
"""

from __future__ import annotations

from typing import Final, Unpack

from ledger.builders.parts import STRIPE_BALANCE, About, Occasion, moves, signed
from ledger.drafts import AccountRef, BadPosting, EntryDraft

TRADING: Final = AccountRef("trading")


def exchange(
    *,
    out_ref: str,
    out_currency: str,
    out_minor: int,
    in_ref: str,
    in_currency: str,
    in_minor: int,
    account: AccountRef = STRIPE_BALANCE,
    **occasion: Unpack[Occasion],
) -> tuple[EntryDraft, EntryDraft]:
    """`out_minor` of one currency became `in_minor` of another on `account`: an entry in each, to be posted together.

    `out_ref` and `in_ref` are the entries' keys: the two balance transactions, where the processor exchanged.
    """
    if out_currency == in_currency:
        raise BadPosting(f"{out_currency} cannot be exchanged for {in_currency}")
    rate = (("out", out_minor), ("out_currency", out_currency), ("in", in_minor), ("in_currency", in_currency))
    went = EntryDraft(
        kind="exchange",
        key=out_ref,
        currency=out_currency,
        postings=moves((TRADING, account, out_minor)),
        facts=rate,
        **occasion,
    )
    came = EntryDraft(
        kind="exchange",
        key=in_ref,
        currency=in_currency,
        postings=moves((account, TRADING, in_minor)),
        facts=rate,
        **occasion,
    )
    return went, came


def revaluation(*, month_ref: str, gain_minor: int, **about: Unpack[About]) -> EntryDraft:
    """At a month's end ("revaluation:202610") the trading accounts are brought to the day's rates.

    `gain_minor` is signed, in the currency of the books: minus what the trading accounts of all currencies are worth
    together, each at its rate by `splitting.share`. Below zero it is a loss.
    """
    return EntryDraft(
        kind="revaluation",
        key=month_ref,
        postings=signed((TRADING, AccountRef("fx"), gain_minor)),
        facts=(("gain", gain_minor),),
        **about,
    )
