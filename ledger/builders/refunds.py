"""What goes back to a buyer or donor, by parts: refunds, failed refunds, lost disputes (rules/ledger.md E3, E9l, E10).

The parts of a payment are goods, shipping, tax, gift and cover. What went back of each comes from
`splitting.split_refund`; zero is the part that the payment does not have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Unpack

from ledger.builders.parts import CLEARING, DISPUTES, EARLIER_COVER, About, contributions, earlier_gifts, moves
from ledger.builders.sales import SHIPPING, TAX
from ledger.drafts import AccountRef, EntryDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """How much of each part of a payment goes back, in minor units; `fund` is the slug of the gift's, if there is one.

    `prior_year`: the gift was made in a fiscal year that is closed (`ledger.fiscal_years.is_closed`), so what goes back
    of it is not netted against this year's gifts (rules/ledger.md section 8). A refund that failed comes back to where
    it went, whatever was closed since. Goods sold in an earlier year are this year's refund.
    """

    goods_minor: int = 0
    shipping_minor: int = 0
    tax_minor: int = 0
    gift_minor: int = 0
    cover_minor: int = 0
    fund: str = ""
    prior_year: bool = False


def refund(*, refund_ref: str, parts: Parts, surplus_minor: int = 0, **about: Unpack[About]) -> EntryDraft:
    """E3, E10: a refund that succeeded. `refund_ref` ("stripe:refund:re_1") is the entry's key.

    `surplus_minor` is what went back above what was left of the payment, because the payer's bank had taken that
    already: a loss by chargeback, which touches no partner.
    """
    returned = (*_given_back(parts, "sales_refunds"), (AccountRef("chargebacks"), surplus_minor))
    return EntryDraft(
        kind="refund",
        key=refund_ref,
        postings=moves(*((debit, CLEARING, amount) for debit, amount in returned)),
        facts=_facts(parts, surplus_minor),
        **about,
    )


def refund_failed(*, refund_ref: str, parts: Parts, surplus_minor: int = 0, **about: Unpack[About]) -> EntryDraft:
    """A refund came back, perhaps weeks later: the same parts again, mirrored, in a new entry."""
    returned = (*_given_back(parts, "sales_refunds"), (AccountRef("chargebacks"), surplus_minor))
    return EntryDraft(
        kind="refund_failed",
        key=f"{refund_ref}:failed",
        reverses_key=refund_ref,
        postings=moves(*((CLEARING, credit, amount) for credit, amount in returned)),
        facts=_facts(parts, surplus_minor),
        **about,
    )


def dispute_lost(*, dispute_ref: str, parts: Parts, surplus_minor: int = 0, **about: Unpack[About]) -> EntryDraft:
    """E9l: the money that left when the dispute was opened stays away. `dispute_ref` is "stripe:dispute:dp_1".

    `surplus_minor` is what was disputed above what was left of the payment; it is our loss and touches no partner.
    """
    losses = (*_given_back(parts, "chargebacks"), (AccountRef("chargebacks"), surplus_minor))
    return EntryDraft(
        kind="dispute_lost",
        key=f"{dispute_ref}:lost",
        postings=moves(*((debit, DISPUTES, amount) for debit, amount in losses)),
        facts=_facts(parts, surplus_minor),
        **about,
    )


def dispute_recovered(*, dispute_ref: str, parts: Parts, surplus_minor: int = 0, **about: Unpack[About]) -> EntryDraft:
    """An appeal won what had been lost: E9l mirrored. The money itself comes by its balance transaction."""
    losses = (*_given_back(parts, "chargebacks"), (AccountRef("chargebacks"), surplus_minor))
    return EntryDraft(
        kind="dispute_recovered",
        key=f"{dispute_ref}:recovered",
        reverses_key=f"{dispute_ref}:lost",
        postings=moves(*((DISPUTES, credit, amount) for credit, amount in losses)),
        facts=(*_facts(parts), ("surplus", surplus_minor)),
        **about,
    )


def _given_back(parts: Parts, goods: str) -> list[tuple[AccountRef, int]]:
    """The accounts that bear each part; goods are told apart by whether we gave back or lost them."""
    gifts, cover = AccountRef("contributions"), AccountRef("cover")
    if parts.gift_minor or parts.fund:
        gifts = contributions(parts.fund)
    if parts.prior_year and (parts.gift_minor or parts.fund):
        gifts = cover = earlier_gifts(parts.fund)
    elif parts.prior_year:
        cover = EARLIER_COVER
    return [
        (AccountRef(goods), parts.goods_minor),
        (SHIPPING, parts.shipping_minor),
        (TAX, parts.tax_minor),
        (gifts, parts.gift_minor),
        (cover, parts.cover_minor),
    ]


def _facts(parts: Parts, surplus_minor: int = 0) -> tuple[tuple[str, str | int], ...]:
    """What came from outside: the whole; its parts follow from what went back before and from closed years."""
    whole = parts.goods_minor + parts.shipping_minor + parts.tax_minor + parts.gift_minor + parts.cover_minor
    return ("amount", whole + surplus_minor), ("fund", parts.fund)
