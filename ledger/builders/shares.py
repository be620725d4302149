"""What partners are owed: shares that accrue, are held, are taken back or topped up (rules/ledger.md E1a, E3a, E6a).

`partner` is "partner:1". Agency money (`recognition="agency"`) is the donors' own: it comes out of the gifts to `fund`
and is owed on an account of its own, never netted with grants.
"""

from __future__ import annotations

from typing import Literal, Unpack

from ledger.builders.parts import About, Recognition, given, moves, owed, refuse_below_zero, set_aside, signed
from ledger.drafts import AccountRef, EntryDraft
from ledger.splitting import share

HoldReason = Literal["dispute", "reserve", "manual"]


def accrual(
    *,
    allocation_ref: str,
    partner: str,
    amount_minor: int,
    recognition: Recognition = "grant",
    fund: str = "",
    **about: Unpack[About],
) -> EntryDraft:
    """E1a, E2a: a share becomes owed to `partner`."""
    return EntryDraft(
        kind="accrual",
        key=f"{allocation_ref}:accrual",
        postings=moves((given(recognition, fund), owed(partner, recognition), amount_minor)),
        facts=(("partner", partner), ("amount", amount_minor), ("recognition", recognition)),
        **about,
    )


def top_up(*, top_up_ref: str, partner: str, amount_minor: int, **about: Unpack[About]) -> EntryDraft:
    """What an agreement's minimum wants above what was earned; again when later refunds lower that."""
    return EntryDraft(
        kind="top_up",
        key=f"{top_up_ref}:top_up",
        postings=moves((given("grant", ""), owed(partner, "grant"), amount_minor)),
        facts=(("partner", partner), ("amount", amount_minor)),
        **about,
    )


def reversal(
    *,
    allocation_ref: str,
    cause: str,
    partner: str,
    amount_minor: int,
    recognition: Recognition = "grant",
    fund: str = "",
    held: bool = False,
    prior_year: bool = False,
    **about: Unpack[About],
) -> EntryDraft:
    """E3a, E9l: a share is taken back because of `cause` ("stripe:refund:re_1"); what was paid out makes a debt of it.

    `amount_minor` is the change of `splitting.reversed_to_date`, signed: below zero when a refund failed, or room came
    free under a cap. `held`: the share had been set aside for a dispute that is lost. `prior_year`: it was accrued in a
    fiscal year that is closed (`ledger.fiscal_years.is_closed`).
    """
    debit = set_aside(partner, recognition) if held else owed(partner, recognition)
    return EntryDraft(
        kind="reversal",
        key=f"{allocation_ref}:reversal:{cause}",
        postings=signed((debit, given(recognition, fund, prior_year=prior_year), amount_minor)),
        facts=(
            ("partner", partner),
            ("amount", amount_minor),
            ("recognition", recognition),
            ("held", held),
        ),
        **about,
    )


def hold(
    *,
    hold_ref: str,
    partner: str,
    amount_minor: int,
    reason: HoldReason,
    recognition: Recognition = "grant",
    **about: Unpack[About],
) -> EntryDraft:
    """E6a: a share is set aside and cannot be paid out. `hold_ref` is "hold:3"; `reason` is the entry's memo."""
    return EntryDraft(
        kind="hold",
        key=f"{hold_ref}:placed",
        postings=moves((owed(partner, recognition), set_aside(partner, recognition), amount_minor)),
        facts=(("partner", partner), ("amount", amount_minor), ("recognition", recognition)),
        memo=reason,
        **about,
    )


def release(
    *,
    hold_ref: str,
    partner: str,
    amount_minor: int,
    recognition: Recognition = "grant",
    **about: Unpack[About],
) -> EntryDraft:
    """E9w: what was set aside, or what a lost dispute left of it, can be paid out again."""
    return EntryDraft(
        kind="release",
        key=f"{hold_ref}:released",
        postings=moves((set_aside(partner, recognition), owed(partner, recognition), amount_minor)),
        facts=(("partner", partner), ("amount", amount_minor), ("recognition", recognition)),
        **about,
    )


def reserve(
    *,
    hold_ref: str,
    partner: str,
    accrued_minor: int,
    rate_num: int,
    rate_den: int,
    recognition: Recognition = "grant",
    **about: Unpack[About],
) -> EntryDraft:
    """A rolling reserve of num/den of an accrual, half up; `release` ends it after its days."""
    refuse_below_zero(accrued_minor)
    return hold(
        hold_ref=hold_ref,
        partner=partner,
        amount_minor=share(accrued_minor, rate_num, rate_den),
        reason="reserve",
        recognition=recognition,
        **about,
    )


def partner_receivable(*, claim_ref: str, partner: str, amount_minor: int, **about: Unpack[About]) -> EntryDraft:
    """A partner has owed us for 90 days and is asked for it: from a negative payable to a receivable.

    Below zero it goes back: a later accrual is netted against it after all.
    """
    return EntryDraft(
        kind="partner_receivable",
        key=claim_ref,
        postings=signed((AccountRef("partner_receivable", partner), owed(partner, "grant"), amount_minor)),
        facts=(("partner", partner), ("amount", amount_minor)),
        **about,
    )
