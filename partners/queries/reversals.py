"""What giving money back would take from each partner's share: the figures of `reverse_shares`, without doing it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ledger import splitting
from partners.models import Allocation, AllocationLine


@dataclass(frozen=True, slots=True)
class TakenFrom:
    """One partner's share of a payment, in minor units: what it was, and what would be taken back now."""

    partner_name: str
    share_minor: int
    amount_minor: int


def would_take_back(source: str, charge_ref: str, refunded_minor: Mapping[str, int]) -> Iterator[TakenFrom]:
    """By agreement, for what would then have gone back to date of each line. Two queries."""
    allocations = Allocation.objects.filter(source=source, charge_ref=charge_ref)
    for allocation in allocations.select_related("agreement__partner").prefetch_related("lines__reversals"):
        changes = (change_of(line, refunded_minor.get(line.line_ref, 0)) for line in allocation.lines.all())
        yield TakenFrom(allocation.agreement.partner.name, allocation.amount_minor, sum(changes))


def change_of(line: AllocationLine, refunded_minor: int) -> int:
    """What is taken back of a line now, below zero when it is given again (rules/ledger.md R3)."""
    if not line.paid_minor:
        return 0
    to_date = splitting.reversed_to_date(line.amount_minor, refunded_minor, line.paid_minor)
    return to_date - sum(part.amount_minor for part in line.reversals.all())
