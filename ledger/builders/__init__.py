"""One function per event: plain amounts in, the entry it makes out (rules/ledger.md section 5).

Every builder also takes what `About` holds: `source` ("order:1042"), `event_at` (aware, from the source's own object),
`effective_on` (that day in the organisation's zone), `currency`, and `actor` where a person did it. Amounts are minor
units, zero or above unless the docstring says "signed": BadPosting otherwise. A part that is zero makes no posting;
what makes none at all is refused by the poster.
"""

from ledger.builders.bank import bank_line, bank_line_in_parts, booked_back
from ledger.builders.by_hand import REASONS, manual, opening, opening_reversed
from ledger.builders.currencies import exchange, revaluation
from ledger.builders.gifts import benefit, gift, restriction_released
from ledger.builders.parts import About, Occasion, Recognition
from ledger.builders.payouts import cheque_voided, payout_failed, payout_returned, payout_sent, payout_settled
from ledger.builders.processor import (
    balance_transaction,
    dispute_opened,
    dispute_won,
    stripe_payout,
    stripe_payout_failed,
    transfer,
    transfer_reversed,
)
from ledger.builders.refunds import Parts, dispute_lost, dispute_recovered, refund, refund_failed
from ledger.builders.sales import (
    cost_of_goods,
    deposit,
    deposit_lost,
    deposit_recovered,
    deposit_refund_failed,
    deposit_refunded,
    gift_card_expired,
    gift_card_redeemed,
    gift_card_sold,
    sale,
    stock_returned,
    suspense,
    tax_remitted,
)
from ledger.builders.shares import accrual, hold, partner_receivable, release, reserve, reversal, top_up

__all__ = [
    "REASONS",
    "About",
    "Occasion",
    "Parts",
    "Recognition",
    "accrual",
    "balance_transaction",
    "bank_line",
    "bank_line_in_parts",
    "benefit",
    "booked_back",
    "cheque_voided",
    "cost_of_goods",
    "deposit",
    "deposit_lost",
    "deposit_recovered",
    "deposit_refund_failed",
    "deposit_refunded",
    "dispute_lost",
    "dispute_opened",
    "dispute_recovered",
    "dispute_won",
    "exchange",
    "gift",
    "gift_card_expired",
    "gift_card_redeemed",
    "gift_card_sold",
    "hold",
    "manual",
    "opening",
    "opening_reversed",
    "partner_receivable",
    "payout_failed",
    "payout_returned",
    "payout_sent",
    "payout_settled",
    "refund",
    "refund_failed",
    "release",
    "reserve",
    "restriction_released",
    "revaluation",
    "reversal",
    "sale",
    "stock_returned",
    "stripe_payout",
    "stripe_payout_failed",
    "suspense",
    "tax_remitted",
    "top_up",
    "transfer",
    "transfer_reversed",
]
