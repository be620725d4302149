"""What must always be true between the bank's statements and the books, and what is open there (rules/ledger.md L8)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Final

from django.db.models import Exists, Max, Min, OuterRef

from ledger.books import Check, OpenItem, in_words
from ledger.contents import stream
from ledger.month_checks import MonthCheck
from partners.bank.hand_entries import hand_entries
from partners.bank.month_payouts import payouts_matched_or_listed
from partners.bank.open_sides import open_payouts
from partners.bank.three_way import three_way
from partners.models import BankAccount, BankLine, MatchEntry, MatchItem, PartnerPayout, PayoutAttempt
from people.queries import days_of


def bank_is_its_confirmed_lines() -> Iterator[str]:
    """L8: what the books moved at a bank is, match by match, what the lines of its statements moved.

    Lines that nothing explains, and returns whose line is not there yet, are open items. What the books began with,
    and what two people posted by hand, has no match of its own; a line can be called the same as one of those.
    """
    for kind, key, entry, account, currency, moved in stream(_WITHOUT_MATCH, [list(BY_HAND)]):
        yield f"{kind} {key} (entry {entry}) moves {account} by {in_words(int(moved), currency)}, in no match"
    for match, state, account, currency, moved, told in stream(_MATCHES_NOT_BOOKED):
        words = f"its lines say {in_words(int(told), currency)}" if state == "confirmed" else f"and is {state}"
        yield f"match {match} moved {account} by {in_words(int(moved), currency)}, {words}"


def matches_balance() -> Iterator[str]:
    """L8: both sides of each match come to the same, and each item is what its line or payout is."""
    for match, currency, bank, others in stream(_UNEQUAL_SIDES):
        words = [in_words(int(amount), currency) for amount in (bank, others)]
        yield f"match {match}: its lines come to {words[0]}, the rest to {words[1]}"
    for match, thing, said, amount in stream(_ITEMS_DIFFER):
        yield f"match {match}: {thing} is {amount}, its item says {said}"


def closing_is_explained() -> Iterator[str]:
    """L8: each bank account in the books = its statements' closing + what is named as open, to the cent."""
    for row in three_way():
        if row.unexplained_minor:
            yield (
                f"{row.account}: the books hold {in_words(row.books_minor, row.currency)}, the bank"
                f" {in_words(row.bank_minor or 0, row.currency)}; {in_words(row.unexplained_minor, row.currency)}"
                " of the difference has no name"
            )


def lines_known_to_the_end(yyyymm: int) -> Iterator[str]:
    """Each bank account is known up to the last day of a month that is to be closed, if anything moved at it.

    One whose statements begin later, or that has none, is not asked for a month in which the books moved nothing there.
    """
    first_day, last_day = days_of(yyyymm)
    moved = {owner for (owner,) in stream(_MOVED_IN, [first_day, last_day])}
    accounts = list(
        BankAccount.objects.order_by("pk").annotate(
            first_on=Min("statements__first_on"), last_on=Max("statements__last_on")
        )
    )
    for account in accounts:
        owners = {account.ref, ""} if len(accounts) == 1 else {account.ref}
        if account.first_on is not None and account.first_on <= last_day:
            if account.last_on < last_day:
                yield f"{account} is known up to {account.last_on} only: import its lines up to {last_day} or later"
        elif moved & owners:
            yield f"{account} moved in the books, and no statement covers the month: import its lines up to {last_day}"
        moved -= owners
    for owner in sorted(moved):
        yield f"{owner or 'the bank'} moved in the books, and is none of our bank accounts: add it in Records"


def payouts_on_the_way() -> list[OpenItem]:
    """Sent to partners, and no line of the bank was confirmed for them; the oldest first."""
    payouts = PartnerPayout.objects.filter(state=PartnerPayout.State.IN_FLIGHT).select_related("batch")
    return [
        OpenItem(f"{payout.reference} to partner:{payout.partner_id}", payout.amount_minor, payout.currency, sent_at)
        for payout in payouts.order_by("batch__sent_at", "pk")
        if (sent_at := payout.batch.sent_at) is not None
    ]


def stripe_payouts_on_the_way() -> list[OpenItem]:
    """Sent by Stripe, and in no match: what cash in transit (1060) consists of; the oldest first."""
    payouts = [payout for payout in open_payouts() if payout.kind == "processor"]
    return [OpenItem(one.ref, one.amount_minor, one.currency, _noon(one.first_on)) for one in payouts]


def returns_on_the_way() -> list[OpenItem]:
    """Entered as come back, by the bank's notice, and in no match with a line yet; the oldest first."""
    matched = MatchEntry.objects.filter(entry=OuterRef("back_entry"))
    attempts = PayoutAttempt.objects.filter(~Exists(matched), state=PayoutAttempt.State.RETURNED)
    attempts = attempts.filter(back_entry__kind="payout_returned").select_related("payout", "back_entry")
    return [
        OpenItem(one.payout.reference, one.amount_minor, one.payout.currency, one.back_entry.event_at)
        for one in attempts.order_by("back_entry__event_at", "pk")
        if one.back_entry is not None
    ]


def lines_not_explained() -> list[OpenItem]:
    """Lines of the bank that nobody and no rule has confirmed as anything; the oldest first."""
    confirmed = MatchItem.objects.filter(side=MatchItem.Side.BANK, match__state="confirmed", is_active=True)
    lines = BankLine.objects.exclude(pk__in=confirmed.values("line")).order_by("booked_on", "pk")
    return [
        OpenItem(f"line {line.pk} of bank:{line.account_id}", line.amount_minor, line.currency, _noon(line.booked_on))
        for line in lines
    ]


def booked_by_hand() -> list[OpenItem]:
    """What two people booked at a bank, and no line of it was confirmed for; the oldest first."""
    return [OpenItem(one.key, one.amount_minor, one.currency, _noon(one.on)) for one in hand_entries()]


def _noon(day: date) -> datetime:
    """The bank tells no hour."""
    return datetime.combine(day, time(12), UTC)


BY_HAND: Final = ("opening", "manual")
CHECKS: Final = (
    Check("L8", "the bank is its confirmed lines", bank_is_its_confirmed_lines),
    Check("L8", "both sides of each match come to the same", matches_balance),
    Check("L8", "the bank's closing balance is explained", closing_is_explained),
)
OF_A_MONTH: Final = (
    MonthCheck("the bank's lines are imported to the end of the month", lines_known_to_the_end, "partners:desk_bank"),
    MonthCheck(
        "each Stripe payout of the month is matched at the bank, or listed with a reason",
        payouts_matched_or_listed,
        "partners:desk_bank_payouts",
    ),
)
OPEN_ITEMS: Final = {
    "On the way from Stripe (1060), not matched at the bank": stripe_payouts_on_the_way,
    "On the way to partners (2120), not confirmed at the bank": payouts_on_the_way,
    "Come back from partners, not matched at the bank": returns_on_the_way,
    "Booked by hand at the bank, and no line yet": booked_by_hand,
    "Lines of the bank that nothing explains yet": lines_not_explained,
}

_MOVED_IN: Final = """
    SELECT DISTINCT a.owner
      FROM ledger_account a
      JOIN leg l ON l.account_id = a.id
      JOIN ledger_entry e ON e.id = l.entry_id
     WHERE a.purpose = 'bank' AND l.effective_date BETWEEN %s AND %s AND e.kind <> 'opening'
"""

_MOVED: Final = """
    moved AS (
        SELECT e.id, e.kind, e.idempotency_key AS key, a.owner, a.currency, sum(l.amount_minor) AS amount
          FROM ledger_account a
          JOIN leg l ON l.account_id = a.id
          JOIN ledger_entry e ON e.id = l.entry_id
         WHERE a.purpose = 'bank'
         GROUP BY e.id, a.id
    )
"""

_WITHOUT_MATCH: Final = f"""
    WITH {_MOVED}
    SELECT m.kind, m.key, m.id, coalesce(nullif(m.owner, ''), 'the bank'), m.currency, m.amount
      FROM moved m
     WHERE m.kind <> ALL(%s) AND NOT EXISTS (SELECT FROM partners_matchentry x WHERE x.entry_id = m.id)
       AND NOT EXISTS (SELECT FROM partners_payoutattempt a WHERE a.back_entry_id = m.id)
     ORDER BY m.id
"""  # noqa: S608 - no value from outside

_MATCHES_NOT_BOOKED: Final = f"""
    WITH {_MOVED}, booked AS (
        SELECT x.match_id, m.owner, m.currency, sum(m.amount) AS amount
          FROM partners_matchentry x JOIN moved m ON m.id = x.entry_id
         GROUP BY 1, 2, 3
    ), told AS (
        SELECT i.match_id, 'bank:' || b.account_id AS owner, b.currency, sum(b.amount_minor) AS amount
          FROM partners_matchitem i
          JOIN partners_bankline b ON b.id = i.line_id AND i.side = 'bank'
          JOIN partners_match c ON c.id = i.match_id
         WHERE c.state = 'confirmed' AND c.kind NOT IN ('booked', 'duplicate')
         GROUP BY 1, 2, 3
    )
    SELECT c.id, c.state, coalesce(k.owner, t.owner), coalesce(k.currency, t.currency), coalesce(k.amount, 0),
           coalesce(t.amount, 0)
      FROM booked k
      FULL JOIN told t ON t.match_id = k.match_id AND t.owner = k.owner AND t.currency = k.currency
      JOIN partners_match c ON c.id = coalesce(k.match_id, t.match_id)
     WHERE coalesce(k.amount, 0) <> coalesce(t.amount, 0)
     ORDER BY c.id
"""  # noqa: S608 - no value from outside

_UNEQUAL_SIDES: Final = """
    SELECT i.match_id, min(b.currency), coalesce(sum(i.amount_minor) FILTER (WHERE i.side = 'bank'), 0),
           coalesce(sum(i.amount_minor) FILTER (WHERE i.side <> 'bank'), 0)
      FROM partners_matchitem i
      LEFT JOIN partners_bankline b ON b.id = i.line_id
     GROUP BY i.match_id
    HAVING coalesce(sum(i.amount_minor) FILTER (WHERE i.side = 'bank'), 0)
        <> coalesce(sum(i.amount_minor) FILTER (WHERE i.side <> 'bank'), 0)
     ORDER BY i.match_id
"""

_ITEMS_DIFFER: Final = """
    SELECT i.match_id, 'line ' || b.id, i.amount_minor, b.amount_minor
      FROM partners_matchitem i JOIN partners_bankline b ON b.id = i.line_id
     WHERE i.side = 'bank' AND i.amount_minor <> b.amount_minor
     UNION ALL
    SELECT i.match_id, p.payout_id, i.amount_minor, p.amount_minor
      FROM partners_matchitem i JOIN payments_stripepayout p ON p.id = i.stripe_payout_id
     WHERE i.is_active AND i.amount_minor <> p.amount_minor
     UNION ALL
    SELECT i.match_id, y.reference, i.amount_minor, y.amount_minor
      FROM partners_matchitem i JOIN partners_partnerpayout y ON y.id = i.payout_id
     WHERE i.is_active AND abs(i.amount_minor) <> y.amount_minor
     ORDER BY 1
"""
