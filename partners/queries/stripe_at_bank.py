"""Which lines of our bank Stripe's payouts are matched with, for the desk's pages of Stripe."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Prefetch
from django.urls import reverse

from partners.models import BankLine, MatchItem
from payments import at_bank

Side = MatchItem.Side


def seen_at_bank(refs: Collection[str]) -> dict[str, at_bank.SeenAtBank]:
    """Matches that are not undone, by the payouts that they hold. Two queries."""
    ids = [ref.rpartition(":")[2] for ref in refs]
    held = MatchItem.objects.filter(side__in=(Side.BANK, Side.PROCESSOR)).select_related(
        "line__statement", "line__account"
    )
    found = MatchItem.objects.filter(is_active=True, side=Side.PROCESSOR, stripe_payout__payout_id__in=ids)
    rows = found.select_related("match", "stripe_payout").prefetch_related(Prefetch("match__items", queryset=held))
    return {item.stripe_payout.ref: _seen(item) for item in rows if item.stripe_payout is not None}


def _seen(item: MatchItem) -> at_bank.SeenAtBank:
    items = item.match.items.all()
    return at_bank.SeenAtBank(
        lines=tuple(_line(one.line) for one in items if one.side == Side.BANK and one.line is not None),
        is_confirmed=item.match.state == item.match.State.CONFIRMED,
        others=sum(one.side == Side.PROCESSOR for one in items) - 1,
        href=reverse("partners:desk_bank_match", args=[item.match_id]),
    )


def _line(line: BankLine) -> at_bank.Line:
    statement = line.statement
    return at_bank.Line(
        booked_on=line.booked_on,
        amount_minor=line.amount_minor,
        currency=line.currency,
        account=str(line.account),
        file=statement.file_name,
        href=reverse("partners:desk_bank_line", args=[line.pk]),
        file_href=reverse("partners:desk_bank_file", args=[statement.file_id]) if statement.file_id else "",
    )
