"""Goods: what is paid for them, given back, kept for a buyer, and what they cost (rules/ledger.md E1, E3, E10)."""

from __future__ import annotations

from typing import Final, Literal, Unpack

from ledger.builders.parts import (
    CLEARING,
    DEPOSITS,
    DISPUTES,
    GIFT_CARDS,
    SALES,
    SUSPENSE,
    About,
    bank_account,
    moves,
    refuse_below_zero,
)
from ledger.drafts import AccountRef, EntryDraft

DISCOUNTS: Final = AccountRef("discounts")
SHIPPING: Final = AccountRef("shipping_income")
TAX: Final = AccountRef("tax_payable")
INVENTORY: Final = AccountRef("inventory")
COST_OF_GOODS: Final = AccountRef("cost_of_goods")
KeptIn = Literal["deposits", "suspense"]


def sale(
    *,
    charge_ref: str,
    goods_minor: int,
    discount_minor: int,
    shipping_minor: int,
    tax_minor: int,
    **about: Unpack[About],
) -> EntryDraft:
    """E1: goods sold. `goods_minor` is the price of all items before the discount; `discount_minor` came off it."""
    refuse_below_zero(goods_minor, discount_minor)
    return EntryDraft(
        kind="sale",
        key=f"{charge_ref}:sale",
        postings=moves(
            (CLEARING, SALES, goods_minor - discount_minor),
            (DISCOUNTS, SALES, discount_minor),
            (CLEARING, SHIPPING, shipping_minor),
            (CLEARING, TAX, tax_minor),
        ),
        facts=(
            ("goods", goods_minor),
            ("discount", discount_minor),
            ("shipping", shipping_minor),
            ("tax", tax_minor),
        ),
        **about,
    )


def deposit(*, charge_ref: str, amount_minor: int, **about: Unpack[About]) -> EntryDraft:
    """Paid, but owed back: a second charge for a paid order, or one that came too late."""
    return EntryDraft(
        kind="deposit",
        key=f"{charge_ref}:deposit",
        postings=moves((CLEARING, DEPOSITS, amount_minor)),
        facts=(("amount", amount_minor),),
        **about,
    )


def deposit_refunded(
    *, refund_ref: str, amount_minor: int, kept_in: KeptIn = "deposits", **about: Unpack[About]
) -> EntryDraft:
    """What bought nothing is given back, out of deposits or suspense. Its failure is `deposit_refund_failed`."""
    return EntryDraft(
        kind="deposit_refunded",
        key=refund_ref,
        postings=moves((AccountRef(kept_in), CLEARING, amount_minor)),
        facts=(("amount", amount_minor),),
        **about,
    )


def deposit_refund_failed(
    *, refund_ref: str, amount_minor: int, kept_in: KeptIn = "deposits", **about: Unpack[About]
) -> EntryDraft:
    """The refund of a deposit came back: it is owed again."""
    return EntryDraft(
        kind="deposit_refund_failed",
        key=f"{refund_ref}:failed",
        reverses_key=refund_ref,
        postings=moves((CLEARING, AccountRef(kept_in), amount_minor)),
        facts=(("amount", amount_minor),),
        **about,
    )


def deposit_lost(
    *, dispute_ref: str, amount_minor: int, kept_in: KeptIn = "deposits", **about: Unpack[About]
) -> EntryDraft:
    """The payer's bank took back what had bought nothing: it is owed to nobody any more."""
    return EntryDraft(
        kind="deposit_lost",
        key=f"{dispute_ref}:lost",
        postings=moves((AccountRef(kept_in), DISPUTES, amount_minor)),
        facts=(("amount", amount_minor),),
        **about,
    )


def deposit_recovered(
    *, dispute_ref: str, amount_minor: int, kept_in: KeptIn = "deposits", **about: Unpack[About]
) -> EntryDraft:
    """An appeal won what had been lost: it is owed again."""
    return EntryDraft(
        kind="deposit_recovered",
        key=f"{dispute_ref}:recovered",
        reverses_key=f"{dispute_ref}:lost",
        postings=moves((DISPUTES, AccountRef(kept_in), amount_minor)),
        facts=(("amount", amount_minor),),
        **about,
    )


def suspense(*, charge_ref: str, amount_minor: int, **about: Unpack[About]) -> EntryDraft:
    """Paid, but not what was asked: somebody must find out what it is."""
    return EntryDraft(
        kind="suspense",
        key=f"{charge_ref}:suspense",
        postings=moves((CLEARING, SUSPENSE, amount_minor)),
        facts=(("amount", amount_minor),),
        **about,
    )


def cost_of_goods(*, fulfilment_ref: str, cost_minor: int, **about: Unpack[About]) -> EntryDraft:
    """What the goods of a fulfilment ("fulfilment:8") had cost us, as they leave the shelf."""
    return EntryDraft(
        kind="cost_of_goods",
        key=f"{fulfilment_ref}:cost",
        postings=moves((COST_OF_GOODS, INVENTORY, cost_minor)),
        facts=(("cost", cost_minor),),
        **about,
    )


def stock_returned(*, return_ref: str, cost_minor: int, **about: Unpack[About]) -> EntryDraft:
    """What goods had cost us that came back to the shelf ("return:4"); what came back broken stays a cost."""
    return EntryDraft(
        kind="stock_returned",
        key=f"{return_ref}:cost",
        postings=moves((INVENTORY, COST_OF_GOODS, cost_minor)),
        facts=(("cost", cost_minor),),
        **about,
    )


def tax_remitted(*, remittance_ref: str, amount_minor: int, bank: str = "", **about: Unpack[About]) -> EntryDraft:
    """Sales tax paid to a state ("remittance:2026-q3-ks"), as the bank debited it."""
    return EntryDraft(
        kind="tax_remitted",
        key=remittance_ref,
        postings=moves((TAX, bank_account(bank), amount_minor)),
        facts=(("amount", amount_minor), ("bank", bank)),
        **about,
    )


def gift_card_sold(*, charge_ref: str, amount_minor: int, **about: Unpack[About]) -> EntryDraft:
    """A gift card is owed to its holder: no sale, and no partner's share, until it is used."""
    return EntryDraft(
        kind="gift_card_sold",
        key=f"{charge_ref}:gift_card",
        postings=moves((CLEARING, GIFT_CARDS, amount_minor)),
        facts=(("amount", amount_minor),),
        **about,
    )


def gift_card_redeemed(*, movement_ref: str, amount_minor: int, **about: Unpack[About]) -> EntryDraft:
    """A card pays (a part of) an order: the sale debits clearing in full, and this is what no charge will bring."""
    return EntryDraft(
        kind="gift_card_redeemed",
        key=f"{movement_ref}:redeemed",
        postings=moves((GIFT_CARDS, CLEARING, amount_minor)),
        facts=(("amount", amount_minor),),
        **about,
    )


def gift_card_expired(*, movement_ref: str, amount_minor: int, **about: Unpack[About]) -> EntryDraft:
    """What is left on a card that nobody can use any more becomes income, where the law lets it."""
    return EntryDraft(
        kind="gift_card_expired",
        key=f"{movement_ref}:expired",
        postings=moves((GIFT_CARDS, AccountRef("gift_card_breakage"), amount_minor)),
        facts=(("amount", amount_minor),),
        **about,
    )
