"""Stripe's payouts that arrive in a month: matched to a line of the bank, or listed with the reason why not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.db.models import Min

from ledger.books import in_words
from ledger.models import ReconciliationException
from ledger.month_checks import Figures
from partners.bank.discrepancies import NOT_AT_BANK
from partners.models import BankStatement, Match, MatchItem
from payments.models import StripePayout
from people.models import Note
from people.queries import days_of

MATCHED, LISTED, OPEN = "matched", "listed", "open"
NEVER_SENT: Final = (StripePayout.Status.FAILED, StripePayout.Status.CANCELED)


@dataclass(frozen=True, slots=True)
class MonthPayout:
    """One of them: its confirmed match, or why it has none; neither while it is open."""

    payout: StripePayout
    match_id: int | None = None
    reason: str = ""
    note: Note | None = None

    @property
    def state(self) -> str:
        if self.match_id is not None:
            return MATCHED
        return LISTED if self.reason or self.note else OPEN

    @property
    def ref(self) -> str:
        return f"stripe:payout:{self.payout.payout_id}"


def reason_subject(payout: StripePayout) -> str:
    """What a person's note about a payout stands under."""
    return f"stripe_payout:{payout.pk}:not_at_bank"


def payouts_of_month(yyyymm: int) -> list[MonthPayout]:
    """By day of arrival; five queries, however many."""
    payouts = list(StripePayout.objects.filter(arrival_on__range=days_of(yyyymm)).order_by("arrival_on", "pk"))
    matches = dict(
        MatchItem.objects.filter(
            stripe_payout__in=payouts, is_active=True, match__state=Match.State.CONFIRMED
        ).values_list("stripe_payout", "match")
    )
    notes = _notes(payouts)
    since = BankStatement.objects.aggregate(day=Min("first_on"))["day"]
    found = []
    for payout in payouts:
        reason = ""
        if payout.status in NEVER_SENT or payout.failure_bt_id:
            reason = f"{payout.get_status_display().capitalize()} at Stripe: the money stayed there, or went back."
        elif not payout.amount_minor:
            reason = "Of nothing."
        elif since is not None and payout.arrival_on < since:
            reason = f"Before our first bank statement, which begins on {since}."
        found.append(MonthPayout(payout, matches.get(payout.pk), reason, notes.get(payout.pk)))
    return found


def payouts_matched_or_listed(yyyymm: int) -> Iterator[str | Figures]:
    """Those that are neither, and count and sum of each state."""
    rows = payouts_of_month(yyyymm)
    for row in rows:
        if row.state == OPEN:
            amount = in_words(row.payout.amount_minor, row.payout.currency)
            yield f"{row.ref} of {amount}, due at the bank on {row.payout.arrival_on}, is in no confirmed match"
    names = {MATCHED: "Matched at the bank", LISTED: "Listed with a reason", OPEN: "Neither"}
    table = []
    for currency in sorted({row.payout.currency for row in rows}):
        for state, name in names.items():
            amounts = [row.payout.amount_minor for row in rows if (row.state, row.payout.currency) == (state, currency)]
            table.append((name, str(len(amounts)), in_words(sum(amounts), currency)))
    yield Figures(("Stripe's payouts that arrive in the month", "Number", "Amount"), tuple(table))


def _notes(payouts: list[StripePayout]) -> dict[int, Note]:
    """The latest word of a person on each: given here, or where its exception was settled."""
    settled = ReconciliationException.objects.filter(
        kind=NOT_AT_BANK.word,
        subject__in=[f"stripe:payout:{payout.payout_id}" for payout in payouts],
        resolved_by__isnull=False,
    )
    by_ref = {f"stripe:payout:{payout.payout_id}": payout.pk for payout in payouts}
    subjects = {reason_subject(payout): payout.pk for payout in payouts}
    subjects |= {f"exception:{pk}": by_ref[ref] for pk, ref in settled.values_list("pk", "subject")}
    notes = Note.objects.filter(subject__in=subjects).select_related("by").order_by("pk")
    return {subjects[note.subject]: note for note in notes}
