"""Gifts, what donors get for them, and what they were given for (rules/ledger.md E2 and section 8)."""

from __future__ import annotations

from typing import Unpack

from ledger.builders.parts import CLEARING, SALES, About, contributions, moves, of_fund
from ledger.drafts import AccountRef, EntryDraft


def gift(*, charge_ref: str, gift_minor: int, cover_minor: int, fund: str, **about: Unpack[About]) -> EntryDraft:
    """E2: a gift to `fund` (its slug), and the processing fee that the donor chose to cover."""
    return EntryDraft(
        kind="gift",
        key=f"{charge_ref}:gift",
        postings=moves((CLEARING, contributions(fund), gift_minor), (CLEARING, AccountRef("cover"), cover_minor)),
        facts=(("gift", gift_minor), ("cover", cover_minor), ("fund", fund)),
        **about,
    )


def benefit(*, charge_ref: str, fund: str, value_minor: int, **about: Unpack[About]) -> EntryDraft:
    """What the donor gets for the gift, at its fair value: that part was an exchange, not a contribution."""
    return EntryDraft(
        kind="benefit",
        key=f"{charge_ref}:benefit",
        postings=moves((contributions(fund), SALES, value_minor)),
        facts=(("value", value_minor), ("fund", fund)),
        **about,
    )


def restriction_released(*, release_ref: str, fund: str, amount_minor: int, **about: Unpack[About]) -> EntryDraft:
    """Restricted money was used for what it was given for, or its time has come. `release_ref` is the cause."""
    return EntryDraft(
        kind="restriction_released",
        key=f"{release_ref}:released",
        postings=moves((of_fund("released_with", fund), of_fund("released_without", fund), amount_minor)),
        facts=(("fund", fund), ("amount", amount_minor)),
        **about,
    )
