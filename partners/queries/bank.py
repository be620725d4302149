"""The bank side of the desk: what waits to be confirmed, explained or found, and what one line could be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from ledger.models import ReconciliationException
from partners.bank import discrepancies
from partners.bank.hand_entries import HandEntry, hand_entries
from partners.bank.matching import Payout
from partners.bank.open_sides import open_payouts_near
from partners.models import BankLine, Match, MatchItem, PartnerPayout
from payments.models import StripePayout

KINDS: Final = {kind.word: kind.title for kind in discrepancies.KINDS}
COULD_BE_MAX: Final = 12
_BESIDE: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Choice:
    """A payout that a line could be, and by how much it is off."""

    value: str
    label: str
    amount_minor: int
    currency: str
    off_minor: int


@dataclass(frozen=True, slots=True)
class OpenException:
    """An exception in words; `line_id` where it is about a line."""

    row: ReconciliationException
    name: str
    line_id: int | None


def matches(state: str = "") -> QuerySet[Match]:
    """Matches with all that a row shows; three queries for a page of any length."""
    items = MatchItem.objects.select_related(
        "line__account", "payout__partner", "payout__batch", "stripe_payout", "entry"
    )
    rows = Match.objects.select_related("proposed_by", "decided_by").prefetch_related(Prefetch("items", queryset=items))
    return rows.filter(state=state) if state else rows


def lines(state: str = "", account_id: int | None = None, text: str = "") -> QuerySet[BankLine]:
    """Lines of a state: "open" (in no match), "proposed", "confirmed" or all of them, the latest first."""
    mine = MatchItem.objects.filter(line=OuterRef("pk"), side=MatchItem.Side.BANK, is_active=True)
    items = MatchItem.objects.filter(side=MatchItem.Side.BANK, is_active=True).select_related("match")
    rows = BankLine.objects.select_related("account").prefetch_related(
        Prefetch("match_items", queryset=items, to_attr="active_items")
    )
    if state == "open":
        rows = rows.filter(~Exists(mine))
    elif state:
        rows = rows.filter(Exists(mine.filter(match__state=state)))
    if account_id:
        rows = rows.filter(account=account_id)
    if text:
        rows = rows.filter(Q(description__icontains=text) | Q(reference__icontains=text) | Q(bank_ref=text))
    return rows


def open_exceptions(limit: int) -> tuple[list[OpenException], int]:
    """What does not add up at the bank, what is due first at the top, and how much it is in all. Two queries."""
    rows = ReconciliationException.objects.filter(kind__in=KINDS, resolved_at__isnull=True)
    first = rows.select_related("owner").order_by("due_at", "id")[:limit]
    return [OpenException(row, KINDS[row.kind], _line_id(row.subject)) for row in first], rows.count()


def _line_id(subject: str) -> int | None:
    kind, _, number = subject.rpartition(":")
    return int(number) if kind == "bank:line" else None


def could_be(line: BankLine) -> list[Choice]:
    """Open payouts of the line's direction and currency, those nearest in amount first."""
    found = open_payouts_near(line.amount_minor, line.currency, COULD_BE_MAX)
    found.sort(key=lambda one: (abs(line.amount_minor - one.amount_minor), abs((one.first_on - line.booked_on).days)))
    return _choices(line, found[:COULD_BE_MAX])


def same_again(line: BankLine) -> list[BankLine]:
    """Other lines of the account with the same amount, which it may repeat, the nearest days first."""
    rows = BankLine.objects.filter(account=line.account_id, amount_minor=line.amount_minor).exclude(pk=line.pk)
    near = sorted(rows[:200], key=lambda other: abs((other.booked_on - line.booked_on).days))
    return near[:COULD_BE_MAX]


def by_hand(line: BankLine) -> list[HandEntry]:
    """Entries by hand that move the line's account by its amount and are no line yet, the oldest first. One query."""
    owners = ("", line.account.ref)
    return [
        one
        for one in hand_entries()
        if (one.amount_minor, one.currency) == (line.amount_minor, line.currency) and one.owner in owners
    ][:COULD_BE_MAX]


def beside(line: BankLine) -> list[BankLine]:
    """Open lines of the same account and direction, which may be one payout together with it, the nearest first."""
    rows = lines("open", line.account_id).prefetch_related(None).exclude(pk=line.pk)
    rows = rows.filter(booked_on__range=(line.booked_on - _BESIDE, line.booked_on + _BESIDE))
    rows = rows.filter(amount_minor__gt=0) if line.amount_minor > 0 else rows.filter(amount_minor__lt=0)
    return list(rows[:COULD_BE_MAX])


def _choices(line: BankLine, found: list[Payout]) -> list[Choice]:
    stripe = StripePayout.objects.in_bulk([one.pk for one in found if one.kind == "processor"])
    rows = PartnerPayout.objects.filter(pk__in=[one.pk for one in found if one.kind != "processor"])
    partner = {row.pk: row for row in rows.select_related("partner")}
    choices = []
    for one in found:
        if one.kind == "processor":
            label = f"Stripe {stripe[one.pk].payout_id}, arrives {one.first_on:%d %B %Y}"
            value = f"stripe:{one.pk}"
        else:
            label, value = f"{partner[one.pk].reference} to {partner[one.pk].partner.name}", f"partner:{one.pk}"
        off = line.amount_minor - one.amount_minor
        choices.append(Choice(value, label, one.amount_minor, one.currency, off))
    return choices
