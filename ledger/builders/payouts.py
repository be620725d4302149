"""Money on its way to partners, in two phases, and how it can come back (rules/ledger.md E7, E8, sections 5 and 6).

`payout_ref` is "payout:12"; each new `attempt` after a failure has keys of its own, and so has each further `time` that
a bank line is taken for one whose first match was undone.
"""

from __future__ import annotations

from typing import Unpack

from ledger.builders.parts import About, Recognition, bank_account, in_flight, moves, owed
from ledger.drafts import EntryDraft


def payout_sent(
    *,
    payout_ref: str,
    partner: str,
    amount_minor: int,
    attempt: int = 1,
    recognition: Recognition = "grant",
    **about: Unpack[About],
) -> EntryDraft:
    """E7, phase 1: what a partner is owed leaves for them."""
    return EntryDraft(
        kind="payout_sent",
        key=f"{payout_ref}:sent:{attempt}",
        postings=moves((owed(partner, recognition), in_flight(partner, recognition), amount_minor)),
        facts=(("partner", partner), ("amount", amount_minor), ("recognition", recognition)),
        **about,
    )


def payout_settled(
    *,
    payout_ref: str,
    partner: str,
    amount_minor: int,
    attempt: int = 1,
    time: int = 1,
    bank: str = "",
    recognition: Recognition = "grant",
    **about: Unpack[About],
) -> EntryDraft:
    """E7, phase 2: the bank debited what was sent to `partner`, or a cheque cleared; `attempt` as in phase 1."""
    return EntryDraft(
        kind="payout_settled",
        key=f"{payout_ref}:settled:{attempt}{_again(time)}",
        postings=moves((in_flight(partner, recognition), bank_account(bank), amount_minor)),
        facts=(("partner", partner), ("amount", amount_minor), ("bank", bank), ("recognition", recognition)),
        **about,
    )


def payout_failed(
    *,
    payout_ref: str,
    partner: str,
    amount_minor: int,
    attempt: int = 1,
    recognition: Recognition = "grant",
    **about: Unpack[About],
) -> EntryDraft:
    """Cancelled, or definitely rejected before any money moved: the partner is owed it again."""
    return EntryDraft(
        kind="payout_failed",
        key=f"{payout_ref}:failed:{attempt}",
        reverses_key=f"{payout_ref}:sent:{attempt}",
        postings=moves((in_flight(partner, recognition), owed(partner, recognition), amount_minor)),
        facts=(("partner", partner), ("amount", amount_minor), ("recognition", recognition)),
        **about,
    )


def cheque_voided(
    *,
    payout_ref: str,
    partner: str,
    amount_minor: int,
    attempt: int = 1,
    recognition: Recognition = "grant",
    **about: Unpack[About],
) -> EntryDraft:
    """A cheque was voided, or is stale after 180 days: the liability stays, because unclaimed property is not ours."""
    return EntryDraft(
        kind="cheque_voided",
        key=f"{payout_ref}:voided:{attempt}",
        reverses_key=f"{payout_ref}:sent:{attempt}",
        postings=moves((in_flight(partner, recognition), owed(partner, recognition), amount_minor)),
        facts=(("partner", partner), ("amount", amount_minor), ("recognition", recognition)),
        **about,
    )


def payout_returned(
    *,
    payout_ref: str,
    partner: str,
    amount_minor: int,
    attempt: int = 1,
    bank: str = "",
    recognition: Recognition = "grant",
    **about: Unpack[About],
) -> EntryDraft:
    """E8: a settled payment came back to our bank: the partner is owed it again."""
    return EntryDraft(
        kind="payout_returned",
        key=f"{payout_ref}:returned:{attempt}",
        postings=moves((bank_account(bank), owed(partner, recognition), amount_minor)),
        facts=(("partner", partner), ("amount", amount_minor), ("bank", bank), ("recognition", recognition)),
        **about,
    )


def _again(time: int) -> str:
    return "" if time == 1 else f":{time}"
