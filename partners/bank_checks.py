"""What must always be true between the bank's statements and the books, and what is open there (rules/ledger.md L8)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Final

from django.db.models import Max, Min

from ledger.books import Check, OpenItem, in_words
from ledger.contents import stream
from ledger.month_checks import MonthCheck
from partners.models import BankAccount, BankLine, Match, PartnerPayout
from people.queries import days_of


def bank_is_its_confirmed_lines() -> Iterator[str]:
    """L8: what the books moved at a bank is, entry by entry, a line of its statements that a person confirmed.

    Lines that nothing explains are open items. What the books began with, and what two people posted by hand, has no
    line. Statements have no opening and closing balance yet; issue 5 reads them and compares the balance with the
    bank's own closing one, less what is outstanding.
    """
    for kind, key, entry, account, currency, moved, line, booked in stream(_AT_THE_BANK, [list(BY_HAND)]):
        told = f"line {line} of the bank says {in_words(booked, currency)}" if line else "no line was confirmed for it"
        yield f"{kind} {key} (entry {entry}) moves {account} by {in_words(int(moved), currency)}, {told}"
    for match, line, payout, amount, currency in stream(_LINES_WITHOUT_ENTRY):
        yield f"match {match}: line {line} is payout {payout}, {in_words(amount, currency)}, and no entry says so"


def lines_known_to_the_end(yyyymm: int) -> Iterator[str]:
    """Each bank account whose statements are imported is known up to the last day of a month that is to be closed."""
    _, last_day = days_of(yyyymm)
    accounts = BankAccount.objects.annotate(first_on=Min("statements__first_on"), last_on=Max("statements__last_on"))
    for account in accounts.filter(first_on__lte=last_day, last_on__lt=last_day).order_by("pk"):
        yield f"{account} is known up to {account.last_on} only: import its lines up to {last_day} or later"


def payouts_on_the_way() -> list[OpenItem]:
    """Sent to partners, and no line of the bank was confirmed for them; the oldest first."""
    payouts = PartnerPayout.objects.filter(state=PartnerPayout.State.IN_FLIGHT).select_related("batch")
    return [
        OpenItem(f"{payout.reference} to partner:{payout.partner_id}", payout.amount_minor, payout.currency, sent_at)
        for payout in payouts.order_by("batch__sent_at", "pk")
        if (sent_at := payout.batch.sent_at) is not None
    ]


def lines_not_explained() -> list[OpenItem]:
    """Lines of the bank that are no payout of ours, or that nobody has confirmed; the oldest first."""
    confirmed = Match.objects.filter(state=Match.State.CONFIRMED).values("line")
    lines = BankLine.objects.exclude(pk__in=confirmed).order_by("booked_on", "pk")
    return [
        OpenItem(f"line {line.pk} of bank:{line.account_id}", line.amount_minor, line.currency, _noon(line.booked_on))
        for line in lines
    ]


def _noon(day: date) -> datetime:
    """The bank tells no hour."""
    return datetime.combine(day, time(12), UTC)


BY_HAND: Final = ("opening", "manual")
CHECKS: Final = (Check("L8", "the bank is its confirmed lines", bank_is_its_confirmed_lines),)
OF_A_MONTH: Final = (
    MonthCheck("the bank's lines are imported to the end of the month", lines_known_to_the_end, "partners:desk_bank"),
)
OPEN_ITEMS: Final = {
    "On the way to partners (2120), not confirmed at the bank": payouts_on_the_way,
    "Lines of the bank that nothing explains yet": lines_not_explained,
}

# A payout's entries carry it in their key: "payout:12:settled:1".
_AT_THE_BANK: Final = """
    WITH moved AS (
        SELECT e.id, e.kind, e.idempotency_key AS key, a.owner, a.currency, sum(l.amount_minor) AS amount
          FROM ledger_account a
          JOIN leg l ON l.account_id = a.id
          JOIN ledger_entry e ON e.id = l.entry_id
         WHERE a.purpose = 'bank' AND e.kind <> ALL(%s)
         GROUP BY e.id, a.id
    ), confirmed AS (
        SELECT 'payout:' || m.payout_id AS payout, b.id AS line, b.amount_minor, 'bank:' || b.account_id AS owner
          FROM partners_match m JOIN partners_bankline b ON b.id = m.line_id
         WHERE m.state = 'confirmed'
    )
    SELECT m.kind, m.key, m.id, coalesce(nullif(m.owner, ''), 'the bank'), m.currency, m.amount, c.line, c.amount_minor
      FROM moved m
      LEFT JOIN confirmed c ON c.payout = substring(m.key from '^(payout:[0-9]+):settled:') AND c.owner = m.owner
     WHERE c.line IS NULL OR c.amount_minor <> m.amount
     ORDER BY m.id
"""

_LINES_WITHOUT_ENTRY: Final = """
    SELECT m.id, m.line_id, m.payout_id, b.amount_minor, b.currency
      FROM partners_match m
      JOIN partners_bankline b ON b.id = m.line_id
     WHERE m.state = 'confirmed'
       AND NOT EXISTS (SELECT FROM ledger_entry e
                        WHERE e.kind = 'payout_settled'
                          AND e.idempotency_key LIKE 'payout:' || m.payout_id || ':settled:%%')
     ORDER BY m.id
"""
