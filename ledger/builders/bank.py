"""Lines of the bank statement (rules/ledger.md E4), and how what was posted for one is booked back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from ledger.builders.parts import IN_TRANSIT, About, bank_account, moves, signed
from ledger.drafts import AccountRef, EntryDraft


def bank_line(
    *,
    line_ref: str,
    amount_minor: int,
    bank: str = "",
    counterpart: AccountRef = IN_TRANSIT,
    **about: Unpack[About],
) -> EntryDraft:
    """E4, second half: a line of the bank statement, signed as the bank signs it, against what it settles.

    `line_ref` ("bank:line:7") is the entry's key; `bank` ("bank:1") tells several accounts apart.
    """
    return EntryDraft(
        kind="bank_line",
        key=line_ref,
        postings=signed((bank_account(bank), counterpart, amount_minor)),
        facts=(("amount", amount_minor), ("bank", bank)),
        **about,
    )


def bank_line_in_parts(
    *, line_ref: str, parts: Sequence[tuple[AccountRef, int]], bank: str = "", **about: Unpack[About]
) -> EntryDraft:
    """E4 for a line that is several things: each account with the part of the line that is its, signed as the bank
    does."""
    ours = bank_account(bank)
    return EntryDraft(
        kind="bank_line",
        key=line_ref,
        postings=signed(*((ours, account, amount_minor) for account, amount_minor in parts)),
        facts=(("amount", sum(amount_minor for _, amount_minor in parts)), ("bank", bank)),
        **about,
    )


def booked_back(
    *,
    kind: str,
    reverses_key: str,
    postings: Sequence[tuple[AccountRef, AccountRef, int]],
    **about: Unpack[About],
) -> EntryDraft:
    """A line was matched with what it was not: the mirror of an entry, given as its (debit, credit, amount)."""
    return EntryDraft(
        kind=kind,
        key=f"{reverses_key}:undone",
        reverses_key=reverses_key,
        postings=moves(*((credit, debit, amount_minor) for debit, credit, amount_minor in postings)),
        **about,
    )
