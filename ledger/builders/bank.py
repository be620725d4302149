"""Lines of the bank statement (rules/ledger.md E4)."""

from __future__ import annotations

from typing import Unpack

from ledger.builders.parts import IN_TRANSIT, About, bank_account, signed
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
