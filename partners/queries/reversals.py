"""What giving money back would take from each partner's share: the figures of `reverse_shares`, without doing it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ledger import splitting
from partners.capping import places_of, standing_if
from partners.models import Allocation, AllocationLine, CapSource
from partners.taking_back import with_lines


@dataclass(frozen=True, slots=True)
class TakenFrom:
    """One partner's share of a payment, in minor units: what it was, and what would be taken back now."""

    partner_name: str
    share_minor: int
    amount_minor: int


def would_take_back(source: str, charge_ref: str, refunded_minor: Mapping[str, int]) -> Iterator[TakenFrom]:
    """By agreement, for what would then have gone back to date of each line. Three queries, three more for each cap."""
    allocations = with_lines(Allocation.objects.filter(source=source, charge_ref=charge_ref))
    places = {place.agreement_id: place for place in _places(allocations)}
    for agreement_id in dict.fromkeys(allocation.agreement_id for allocation in allocations):
        shares = [one for one in allocations if one.agreement_id == agreement_id]
        share_minor = sum(one.amount_minor for one in shares)
        if place := places.get(agreement_id):
            after_minor = standing_if(place, place.total, shares[0], refunded_minor)
            taken_minor = place.posted_minor - after_minor
        else:
            lines = (line for one in shares for line in one.lines.all())
            taken_minor = sum(change_of(line, refunded_minor.get(line.line_ref, 0)) for line in lines)
        yield TakenFrom(shares[0].agreement.partner.name, share_minor, taken_minor)


def _places(allocations: Sequence[Allocation]) -> Sequence[CapSource]:
    capped = {one.agreement_id for one in allocations if one.agreement.cap_minor}
    if not capped:
        return ()
    return list(places_of(allocations[0].source, allocations[0].charge_ref, capped).select_related("total"))


def change_of(line: AllocationLine, refunded_minor: int) -> int:
    """What is taken back of a line now, below zero when it is given again (rules/ledger.md R3)."""
    if not line.paid_minor:
        return 0
    to_date = splitting.reversed_to_date(line.amount_minor, refunded_minor, line.paid_minor)
    return to_date - sum(part.amount_minor for part in line.reversals.all())
