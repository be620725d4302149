"""One function per event: plain amounts in, the entry it makes out (rules/ledger.md section 5).

Every builder takes `source` ("order:1042"), `event_at` (aware, from the source's own object), `effective_on` (that day
in the organisation's zone) and `currency`. Amounts are minor units, zero or above unless the docstring says "signed":
BadPosting otherwise. A part that is zero makes no posting; what makes none at all is refused by the poster.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal

from ledger.drafts import AccountRef, BadPosting, EntryDraft, PostingDraft

CLEARING: Final = AccountRef("clearing")
STRIPE_BALANCE: Final = AccountRef("stripe_balance")
IN_TRANSIT: Final = AccountRef("in_transit")
SUSPENSE: Final = AccountRef("suspense")
PROCESSING_FEES: Final = AccountRef("processing_fees")
BANK: Final = AccountRef("bank")

# Where the other side of a balance transaction lies, by its reporting category. What is missing here goes to suspense,
# where it is seen, never dropped (rules/ledger.md section 7).
_COUNTERPARTS: Final[dict[str, AccountRef]] = {
    "charge": CLEARING,
    "payment": CLEARING,
    "refund": CLEARING,
    "refund_failure": CLEARING,
    "payout": IN_TRANSIT,
    "payout_reversal": IN_TRANSIT,
    "fee": PROCESSING_FEES,
}


def sale(
    *,
    charge_ref: str,
    source: str,
    event_at: datetime,
    effective_on: date,
    currency: str,
    goods_minor: int,
    discount_minor: int,
    shipping_minor: int,
    tax_minor: int,
) -> EntryDraft:
    """E1: goods sold. `goods_minor` is the price of all items before the discount; `discount_minor` came off it."""
    return EntryDraft(
        kind="sale",
        key=f"{charge_ref}:sale",
        source=source,
        event_at=event_at,
        effective_on=effective_on,
        currency=currency,
        postings=_moves(
            (CLEARING, AccountRef("sales"), goods_minor - discount_minor),
            (AccountRef("discounts"), AccountRef("sales"), discount_minor),
            (CLEARING, AccountRef("shipping_income"), shipping_minor),
            (CLEARING, AccountRef("tax_payable"), tax_minor),
        ),
        facts=(
            ("goods", goods_minor),
            ("discount", discount_minor),
            ("shipping", shipping_minor),
            ("tax", tax_minor),
        ),
    )


def gift(
    *,
    charge_ref: str,
    source: str,
    event_at: datetime,
    effective_on: date,
    currency: str,
    gift_minor: int,
    cover_minor: int,
    fund: str,
) -> EntryDraft:
    """E2: a gift to `fund` (its slug), and the processing fee that the donor chose to cover."""
    return EntryDraft(
        kind="gift",
        key=f"{charge_ref}:gift",
        source=source,
        event_at=event_at,
        effective_on=effective_on,
        currency=currency,
        postings=_moves(
            (CLEARING, AccountRef("contributions", f"fund:{fund}"), gift_minor),
            (CLEARING, AccountRef("cover"), cover_minor),
        ),
        facts=(("gift", gift_minor), ("cover", cover_minor), ("fund", fund)),
    )


def balance_transaction(
    *,
    bt_ref: str,
    source: str,
    event_at: datetime,
    effective_on: date,
    currency: str,
    category: str,
    amount_minor: int,
    fee_minor: int,
) -> EntryDraft:
    """E1b, E2b, E3b: one movement of the processor balance and its fee; both amounts signed as the processor does.

    `bt_ref` ("stripe:bt:txn_1") is the entry's key; `category` the reporting category. An unknown one goes to suspense.
    """
    counterpart = _COUNTERPARTS.get(category, SUSPENSE)
    return EntryDraft(
        kind="balance_transaction",
        key=bt_ref,
        source=source,
        event_at=event_at,
        effective_on=effective_on,
        currency=currency,
        postings=_signed(
            (STRIPE_BALANCE, counterpart, amount_minor),
            (PROCESSING_FEES, STRIPE_BALANCE, fee_minor),
        ),
        facts=(("category", category), ("amount", amount_minor), ("fee", fee_minor)),
    )


def stripe_payout(
    *,
    bt_ref: str,
    source: str,
    event_at: datetime,
    effective_on: date,
    currency: str,
    amount_minor: int,
) -> EntryDraft:
    """E4, first half: money on its way to our bank. `amount_minor` is signed as the payout's own: negative debits us.

    It is the payout's balance transaction (minus `amount_minor`), so `bt_ref` is that one's, and it is posted once.
    """
    return balance_transaction(
        bt_ref=bt_ref,
        source=source,
        event_at=event_at,
        effective_on=effective_on,
        currency=currency,
        category="payout",
        amount_minor=-amount_minor,
        fee_minor=0,
    )


def bank_line(
    *,
    line_ref: str,
    source: str,
    event_at: datetime,
    effective_on: date,
    currency: str,
    amount_minor: int,
    bank: str = "",
    counterpart: AccountRef = IN_TRANSIT,
) -> EntryDraft:
    """E4, second half: a line of the bank statement, signed as the bank signs it, against what it settles.

    `line_ref` ("bank:line:7") is the entry's key; `bank` ("bank:1") tells several accounts apart.
    """
    return EntryDraft(
        kind="bank_line",
        key=line_ref,
        source=source,
        event_at=event_at,
        effective_on=effective_on,
        currency=currency,
        postings=_signed((AccountRef("bank", bank), counterpart, amount_minor)),
        facts=(("amount", amount_minor), ("bank", bank)),
    )


def accrual(
    *,
    allocation_ref: str,
    source: str,
    event_at: datetime,
    effective_on: date,
    currency: str,
    partner: str,
    amount_minor: int,
    recognition: Literal["grant", "agency"] = "grant",
    fund: str = "",
) -> EntryDraft:
    """E1a, E2a: a share becomes owed to `partner` ("partner:1"). Agency money leaves the gifts to `fund` instead."""
    if recognition == "agency":
        move = (AccountRef("contributions", f"fund:{fund}"), AccountRef("agent_held", partner), amount_minor)
    else:
        move = (AccountRef("allocations"), AccountRef("payable", partner), amount_minor)
    return EntryDraft(
        kind="accrual",
        key=f"{allocation_ref}:accrual",
        source=source,
        event_at=event_at,
        effective_on=effective_on,
        currency=currency,
        postings=_moves(move),
        facts=(("partner", partner), ("amount", amount_minor), ("recognition", recognition)),
    )


def payout_sent(
    *,
    payout_ref: str,
    source: str,
    event_at: datetime,
    effective_on: date,
    currency: str,
    partner: str,
    amount_minor: int,
    attempt: int = 1,
) -> EntryDraft:
    """E7, phase 1: what a partner is owed leaves for them. `payout_ref` is "payout:12"."""
    return EntryDraft(
        kind="payout_sent",
        key=f"{payout_ref}:sent:{attempt}",
        source=source,
        event_at=event_at,
        effective_on=effective_on,
        currency=currency,
        postings=_moves((AccountRef("payable", partner), AccountRef("payout_in_flight", partner), amount_minor)),
        facts=(("partner", partner), ("amount", amount_minor)),
    )


def payout_settled(
    *,
    payout_ref: str,
    source: str,
    event_at: datetime,
    effective_on: date,
    currency: str,
    partner: str,
    amount_minor: int,
    attempt: int = 1,
    bank: str = "",
) -> EntryDraft:
    """E7, phase 2: the bank debited what was sent to `partner`; the same `attempt` as phase 1."""
    return EntryDraft(
        kind="payout_settled",
        key=f"{payout_ref}:settled:{attempt}",
        source=source,
        event_at=event_at,
        effective_on=effective_on,
        currency=currency,
        postings=_moves((AccountRef("payout_in_flight", partner), AccountRef("bank", bank), amount_minor)),
        facts=(("partner", partner), ("amount", amount_minor), ("bank", bank)),
    )


def _moves(*moves: tuple[AccountRef, AccountRef, int]) -> tuple[PostingDraft, ...]:
    """(debit, credit, amount) as postings; zero makes none."""
    for debit, credit, amount in moves:
        if amount < 0:
            raise BadPosting(f"{amount} cannot move from {credit.purpose} to {debit.purpose}")
    return tuple(PostingDraft(debit, credit, amount) for debit, credit, amount in moves if amount)


def _signed(*moves: tuple[AccountRef, AccountRef, int]) -> tuple[PostingDraft, ...]:
    """(debit, credit, amount) as postings; a negative amount goes the other way."""
    return _moves(*((d, c, amount) if amount >= 0 else (c, d, -amount) for d, c, amount in moves))
