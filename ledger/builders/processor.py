"""The processor's balance: only its balance transactions move account 1050 (rules/ledger.md L5, section 7)."""

from __future__ import annotations

from typing import Final, Unpack

from ledger.builders.parts import (
    CLEARING,
    DISPUTE_FEES,
    DISPUTES,
    IN_TRANSIT,
    PROCESSING_FEES,
    STRIPE_BALANCE,
    SUSPENSE,
    About,
    Recognition,
    in_flight,
    moves,
    owed,
    refuse_below_zero,
    refuse_fractions,
    signed,
)
from ledger.drafts import AccountRef, EntryDraft

# Where the other side of a balance transaction lies, by its reporting category. What is missing here goes to suspense,
# where it is seen, never dropped. A transfer to a partner has builders of its own, because it names the partner.
_COUNTERPARTS: Final[dict[str, AccountRef]] = {
    "charge": CLEARING,
    "payment": CLEARING,
    "charge_failure": CLEARING,
    "partial_capture_reversal": CLEARING,
    "refund": CLEARING,
    "refund_failure": CLEARING,
    "dispute": DISPUTES,
    "dispute_reversal": DISPUTES,
    "payout": IN_TRANSIT,
    "payout_reversal": IN_TRANSIT,
    "topup": IN_TRANSIT,
    "topup_reversal": IN_TRANSIT,
    "risk_reserved_funds": AccountRef("stripe_reserve"),
    "fee": PROCESSING_FEES,
    "network_cost": PROCESSING_FEES,
    "tax": PROCESSING_FEES,
}
# What may move account 1050, by kind: each entry is over one balance transaction, but for what the books begin with.
OPENING: Final = ("opening",)
KINDS: Final = ("balance_transaction", "transfer", "transfer_reversed", "exchange", *OPENING)
_FEES: Final[dict[str, AccountRef]] = {"dispute": DISPUTE_FEES, "dispute_reversal": DISPUTE_FEES}


def categories(purpose: str) -> list[str]:
    """The reporting categories whose balance transactions have their other side on the account of a purpose."""
    return [category for category, account in _COUNTERPARTS.items() if account.purpose == purpose]


def is_known(category: str) -> bool:
    """Whether a reporting category has its place; the others go to suspense."""
    return category in _COUNTERPARTS


def balance_transaction(
    *,
    bt_ref: str,
    category: str,
    amount_minor: int,
    fee_minor: int,
    of_dispute: bool = False,
    **about: Unpack[About],
) -> EntryDraft:
    """E1b, E2b, E3b: one movement of the processor balance and its fee; both amounts signed as the processor does.

    `bt_ref` ("stripe:bt:txn_1") is the entry's key; `category` the reporting category. An unknown one goes to suspense.
    A fee `of_dispute`, for contesting it, is on the account to which winning it brings the fee back.
    """
    counterpart = DISPUTE_FEES if of_dispute and category == "fee" else _COUNTERPARTS.get(category, SUSPENSE)
    return EntryDraft(
        kind="balance_transaction",
        key=bt_ref,
        postings=signed(
            (STRIPE_BALANCE, counterpart, amount_minor),
            (_FEES.get(category, PROCESSING_FEES), STRIPE_BALANCE, fee_minor),
        ),
        facts=(("category", category), ("amount", amount_minor), ("fee", fee_minor)),
        **about,
    )


def stripe_payout(*, bt_ref: str, amount_minor: int, **about: Unpack[About]) -> EntryDraft:
    """E4, first half: money on its way to our bank. `amount_minor` is signed as the payout's own: negative debits us.

    It is the payout's balance transaction (minus `amount_minor`), so `bt_ref` is that one's, and it is posted once.
    """
    refuse_fractions(amount_minor)
    return balance_transaction(bt_ref=bt_ref, category="payout", amount_minor=-amount_minor, fee_minor=0, **about)


def stripe_payout_failed(*, bt_ref: str, amount_minor: int, **about: Unpack[About]) -> EntryDraft:
    """Our bank refused a payout, perhaps after it was called paid. `amount_minor` is signed as the payout's own."""
    return balance_transaction(
        bt_ref=bt_ref, category="payout_reversal", amount_minor=amount_minor, fee_minor=0, **about
    )


def dispute_opened(*, bt_ref: str, disputed_minor: int, fee_minor: int, **about: Unpack[About]) -> EntryDraft:
    """E6: the bank of the buyer took the money back, and the processor its fee. The balance may fall below zero.

    It is the dispute's balance transaction, of which `disputed_minor` is the amount without its sign.
    """
    refuse_below_zero(disputed_minor, fee_minor)
    return balance_transaction(
        bt_ref=bt_ref, category="dispute", amount_minor=-disputed_minor, fee_minor=fee_minor, **about
    )


def dispute_won(*, bt_ref: str, disputed_minor: int, fee_back_minor: int = 0, **about: Unpack[About]) -> EntryDraft:
    """E9w: the money came back; of the fees only what this balance transaction says."""
    refuse_below_zero(disputed_minor, fee_back_minor)
    return balance_transaction(
        bt_ref=bt_ref, category="dispute_reversal", amount_minor=disputed_minor, fee_minor=-fee_back_minor, **about
    )


def transfer(
    *, bt_ref: str, partner: str, amount_minor: int, recognition: Recognition = "grant", **about: Unpack[About]
) -> EntryDraft:
    """A partner's payout left as a transfer to their connected account: its balance transaction settles it."""
    return EntryDraft(
        kind="transfer",
        key=bt_ref,
        postings=moves((in_flight(partner, recognition), STRIPE_BALANCE, amount_minor)),
        facts=(("partner", partner), ("amount", amount_minor), ("recognition", recognition)),
        **about,
    )


def transfer_reversed(
    *, bt_ref: str, partner: str, amount_minor: int, recognition: Recognition = "grant", **about: Unpack[About]
) -> EntryDraft:
    """A transfer was taken back from the connected account: the partner is owed it again."""
    return EntryDraft(
        kind="transfer_reversed",
        key=bt_ref,
        postings=moves((STRIPE_BALANCE, owed(partner, recognition), amount_minor)),
        facts=(("partner", partner), ("amount", amount_minor), ("recognition", recognition)),
        **about,
    )
