"""Which payout a bank line may be: exactly, or not at all (rules/ledger.md section 7, "Match order")."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from partners.models import BankLine, Match, PartnerPayout

WITHIN = timedelta(days=8)  # five bank days, a weekend and a holiday


@dataclass(frozen=True, slots=True)
class Candidate:
    line: BankLine
    payout: PartnerPayout
    rule: Match.Rule


def candidates(lines: Sequence[BankLine], payouts: Sequence[PartnerPayout]) -> list[Candidate]:
    """Pairs without rivals: first by reference and amount, then by an amount that only one line and payout
    have, booked within WITHIN of the sending.

    `lines` are unmatched and `payouts` in flight. A line that names a payout but has another amount is left to people.
    """
    named = [(line, payout) for line in lines for payout in payouts if names(line, payout)]
    exact = [(line, payout) for line, payout in named if _settles(line, payout)]
    found = [Candidate(line, payout, Match.Rule.REFERENCE) for line, payout in _without_rivals(exact)]
    taken_lines = {line.pk for line, _ in named}
    taken_payouts = {payout.pk for _, payout in named}
    by_amount = [
        (line, payout)
        for line in lines
        for payout in payouts
        if line.pk not in taken_lines
        and payout.pk not in taken_payouts
        and _settles(line, payout)
        and _in_time(line, payout)
    ]
    return found + [Candidate(line, payout, Match.Rule.AMOUNT) for line, payout in _without_rivals(by_amount)]


def names(line: BankLine, payout: PartnerPayout) -> bool:
    """Whether the line's text holds the payout's reference, whatever spaces and hyphens the bank put in."""
    text = re.sub(r"[\s-]", "", line.description.upper())
    return re.search(rf"{re.escape(payout.reference)}(?!\d)", text) is not None


def _settles(line: BankLine, payout: PartnerPayout) -> bool:
    return line.amount_minor == -payout.amount_minor and line.currency == payout.currency


def _in_time(line: BankLine, payout: PartnerPayout) -> bool:
    """A day's grace before, because the bank's day and ours may differ."""
    sent_at = payout.batch.sent_at
    return sent_at is not None and sent_at.date() - timedelta(days=1) <= line.booked_on <= sent_at.date() + WITHIN


def _without_rivals(pairs: Iterable[tuple[BankLine, PartnerPayout]]) -> list[tuple[BankLine, PartnerPayout]]:
    pairs = list(pairs)
    lines = [line.pk for line, _ in pairs]
    payouts = [payout.pk for _, payout in pairs]
    return [(line, payout) for line, payout in pairs if lines.count(line.pk) == payouts.count(payout.pk) == 1]
