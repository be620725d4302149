"""The bank side of payouts: what waits to be confirmed, explained or found."""

from __future__ import annotations

from dataclasses import dataclass

from partners.matching import names
from partners.models import BankLine, Match, PartnerPayout
from people.money import format_minor


@dataclass(frozen=True, slots=True)
class UnknownLine:
    """A debit that nobody has explained: payouts of its amount that could be it, and what a person should know."""

    line: BankLine
    could_be: tuple[PartnerPayout, ...]
    note: str


def proposed_matches() -> list[Match]:
    """Pairs that wait for a person, the oldest first."""
    rows = Match.objects.filter(state=Match.State.PROPOSED).select_related("line", "payout__partner", "payout__batch")
    return list(rows.order_by("line__booked_on", "id"))


def payouts_on_their_way() -> list[PartnerPayout]:
    """Sent payouts without a bank line, the oldest first."""
    matched = Match.objects.exclude(state=Match.State.UNDONE).values("payout")
    rows = PartnerPayout.objects.filter(state=PartnerPayout.State.IN_FLIGHT).exclude(pk__in=matched)
    return list(rows.select_related("partner", "batch").order_by("batch__sent_at", "id"))


def unknown_lines(on_their_way: list[PartnerPayout], limit: int = 50) -> list[UnknownLine]:
    """Unmatched debits, the latest first, each with the payouts that it could be."""
    matched = Match.objects.exclude(state=Match.State.UNDONE).values("line")
    lines = BankLine.objects.filter(amount_minor__lt=0).exclude(pk__in=matched).select_related("account")
    return [_unknown(line, on_their_way) for line in lines[:limit]]


def _unknown(line: BankLine, on_their_way: list[PartnerPayout]) -> UnknownLine:
    could_be = tuple(payout for payout in on_their_way if payout.amount_minor == -line.amount_minor)
    named = next((payout for payout in on_their_way if names(line, payout)), None)
    note = ""
    if named is not None and named not in could_be:
        off = format_minor(-line.amount_minor - named.amount_minor, line.currency)
        note = f"Names {named.reference}, but differs from it by {off}."
    elif not could_be:
        note = "No payout of this amount is on its way."
    return UnknownLine(line, could_be, note)
