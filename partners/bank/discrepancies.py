"""What may not add up at the bank, and how old it may grow (rules/ledger.md section 7; where it gives none, POLICY)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from ledger.discrepancies import Discrepancy

DUPLICATE: Final = Discrepancy(
    "bank_line_duplicate",
    limit=timedelta(days=2),
    title="A line that may be a duplicate",
    happened="A statement brought a line like one that was there already, and nothing says for sure whether it is the "
    "same.",
    to_do="Open the line and look into the bank's own statement. If it is a payment of its own, match it; if not, call "
    "it a duplicate.",
)
LINE_UNKNOWN: Final = Discrepancy(
    "bank_line_unknown",
    limit=timedelta(days=2),
    title="A line that nothing explains",
    happened="Money came to the bank or left it, and no payout, fee or entry says why.",
    to_do="Open the line and match it with what it is, explain it as a bank fee or interest, or have an entry made for "
    "it and name that.",
)
AMOUNT_DIFFERS: Final = Discrepancy(
    "bank_amount_differs",
    limit=timedelta(days=2),
    title="A line of another amount than its payout",
    happened="The bank's line names a payout, and its amount is another. The amount here is the difference; nothing "
    "was posted for it.",
    to_do="Ask the bank or Stripe who kept the difference, then match the line once both sides come to the same, or "
    "write down here why they do not.",
)
RETURN_UNMATCHED: Final = Discrepancy(
    "partner_return_unmatched",
    limit=timedelta(days=2),
    title="A return of which nobody knows the payout",
    happened="The bank sent money back that was meant for a partner, and the line does not say of which payout.",
    to_do="Open the line and match it with the payout that came back. The partner is then owed it again.",
)
# Opened when the five bank days are over, so it is overdue from the beginning.
NOT_AT_BANK: Final = Discrepancy(
    "payout_not_at_bank",
    limit=timedelta(0),
    title="A payout that the bank has not shown in five bank days",
    happened="It was sent, and no line of a statement shows that it left or reached our bank.",
    to_do="Import the bank's latest statement first. If the payout is on it, match it; if not, ask Stripe or the bank "
    "where it is.",
)
HAND_NOT_AT_BANK: Final = Discrepancy(
    "hand_entry_not_at_bank",
    limit=timedelta(0),
    title="An entry by hand that the bank has not shown in five bank days",
    happened="Two people booked that money moved at the bank, and no line of a statement was matched with it.",
    to_do="Import the bank's latest statement first. If the movement is on it, open the line and name this entry; if "
    "not, have an entry made from here that takes it back: it names this one, and neither is looked for any more.",
)
STATEMENT_GAP: Final = Discrepancy(
    "bank_statement_gap",
    limit=timedelta(days=2),
    title="Days that no statement covers",
    happened="There are bank days between this statement and the one before, of which no file says anything.",
    to_do="Get the missing days from the bank and import them.",
)
BALANCE_DIFFERS: Final = Discrepancy(
    "bank_balance_differs",
    limit=timedelta(days=2),
    title="A balance that is not the one before and the lines since",
    happened="The statement's balance is off by the amount here, so a line is missing or there twice.",
    to_do="Compare the account's lines with the bank's own list from the last balance that was right, and import what "
    "is missing.",
)
KINDS: Final = (
    LINE_UNKNOWN,
    AMOUNT_DIFFERS,
    DUPLICATE,
    RETURN_UNMATCHED,
    NOT_AT_BANK,
    HAND_NOT_AT_BANK,
    STATEMENT_GAP,
    BALANCE_DIFFERS,
)
