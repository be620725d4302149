"""What people put into the books: opening balances, and entries that two persons approved (rules/ledger.md 3c)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, Unpack

from ledger.accounts import chart_line
from ledger.builders.parts import About, signed
from ledger.drafts import AccountRef, BadPosting, EntryDraft, PostingDraft

NET_ASSETS: Final = AccountRef("net_assets")

# Fixed words: the reason in somebody's own words lies in the Approval, where it can be erased.
REASONS: Final = ("correction", "reclassification", "write_off", "late_document", "bank_difference", "year_end")


def opening(*, opening_ref: str, balances: Mapping[AccountRef, int], **about: Unpack[About]) -> EntryDraft:
    """The balances, debit-positive, with which the books begin in one currency, against unrestricted net assets.

    `opening_ref` ("opening:2026-01-01:usd") is the entry's key. What donors restricted stands among the balances, as a
    negative one of the purpose `restricted`.
    """
    if NET_ASSETS in balances:
        raise BadPosting(f"{opening_ref}: net_assets is what the other balances leave, not {balances[NET_ASSETS]}")
    ordered = sorted(
        balances.items(), key=lambda item: (chart_line(item[0].purpose, item[0].owner).code, item[0].owner)
    )
    return EntryDraft(
        kind="opening",
        key=opening_ref,
        postings=signed(*((account, NET_ASSETS, amount) for account, amount in ordered)),
        **about,
    )


def opening_reversed(*, opening_ref: str, balances: Mapping[AccountRef, int], **about: Unpack[About]) -> EntryDraft:
    """What takes an opening entry back: the same balances, each posting the other way round."""
    opened = opening(opening_ref=opening_ref, balances=balances, **about)
    return replace(
        opened,
        key=f"{opening_ref}:reversed",
        postings=tuple(PostingDraft(one.credit, one.debit, one.amount_minor) for one in opened.postings),
        reverses_key=opening_ref,
    )


def manual(*, manual_ref: str, reason: str, postings: Sequence[PostingDraft], **about: Unpack[About]) -> EntryDraft:
    """Any pairs of accounts, as a second person approved them; the only kind that a softly closed month takes.

    `manual_ref` ("manual:12") is the entry's key, `reason` one of REASONS and the entry's memo. The poster refuses what
    is not an amount or not in the chart.
    """
    if reason not in REASONS:
        raise BadPosting(f"{manual_ref}: {reason!r} is not one of {', '.join(REASONS)}")
    return EntryDraft(kind="manual", key=manual_ref, postings=tuple(postings), memo=reason, **about)
