"""Parts of shares that are taken back are written down, each with its entry; called by the operations that know why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from ledger import builders, fiscal_years, splitting
from ledger.drafts import EntryDraft
from ledger.operations.post_entry import post_entries
from partners.models import Allocation, AllocationLine, AllocationReversal, AllocationReversalLine, Hold
from people.queries import local_day

BESIDE_THE_HOLD = ":beside_the_hold"


@dataclass(frozen=True, slots=True)
class Change:
    """What one cause takes back of one share, by line; below zero gives back."""

    allocation: Allocation
    cause: str
    lines: tuple[tuple[AllocationLine, int], ...]
    refunded_minor: Mapping[str, int]
    was_held: bool = False

    @property
    def amount_minor(self) -> int:
        return sum(amount for _, amount in self.lines)


def left_of(line: AllocationLine) -> int:
    """What is left of a line after what was taken back."""
    return line.amount_minor - sum(part.amount_minor for part in line.reversals.all())


def taken_from(
    allocations: Sequence[Allocation],
    amount_minor: int,
    cause: str,
    refunded_minor: Mapping[str, int] | None = None,
    holds: Mapping[int, Hold] | None = None,
) -> list[Change]:
    """Take an amount off what one payment gave one agreement: out of what is held for the cause, then the latest first.

    The allocations come from `with_lines`. Raises ValueError when less is left than that.
    """
    refunded_minor, holds = refunded_minor or {}, holds or {}
    left = {allocation.pk: [left_of(line) for line in allocation.lines.all()] for allocation in allocations}
    changes = []
    for of_holds in (True, False):
        for allocation in reversed(allocations):
            hold = holds.get(allocation.pk)
            most = sum(left[allocation.pk])
            if of_holds:
                most = min(most, hold.amount_minor) if hold else 0
            part_minor = min(amount_minor, most)
            if not part_minor:
                continue
            parts = splitting.split(part_minor, left[allocation.pk])
            left[allocation.pk] = [whole - part for whole, part in zip(left[allocation.pk], parts, strict=True)]
            amount_minor -= part_minor
            lines = tuple(zip(allocation.lines.all(), parts, strict=True))
            named = cause if of_holds or not hold else cause + BESIDE_THE_HOLD
            changes.append(Change(allocation, named, lines, refunded_minor, was_held=of_holds))
    if amount_minor:
        raise ValueError(f"{amount_minor} more is taken back than is left")
    return changes


def write_changes(changes: Sequence[Change], *, at: datetime, now: datetime) -> list[AllocationReversal]:
    """Post the changes and keep them; those of nothing should be left out."""
    posted = post_entries([_draft(change, at) for change in changes], now=now)
    rows = AllocationReversal.objects.bulk_create(
        AllocationReversal(
            allocation=change.allocation,
            cause=change.cause,
            amount_minor=change.amount_minor,
            was_held=change.was_held,
            at=at,
            reversed_on=entry.effective_on,
            entry_id=entry.entry_id,
        )
        for change, entry in zip(changes, posted, strict=True)
    )
    AllocationReversalLine.objects.bulk_create(
        AllocationReversalLine(
            reversal=row, line=line, amount_minor=amount, refunded_minor=change.refunded_minor.get(line.line_ref, 0)
        )
        for row, change in zip(rows, changes, strict=True)
        for line, amount in change.lines
        if amount
    )
    return rows


def with_lines(shares: QuerySet[Allocation]) -> list[Allocation]:
    """These allocations as taking back needs them, oldest first. Three queries."""
    return list(shares.select_related("agreement__partner").prefetch_related("lines__reversals").order_by("id"))


def _draft(change: Change, at: datetime) -> EntryDraft:
    allocation = change.allocation
    return builders.reversal(
        allocation_ref=allocation.ref,
        cause=change.cause,
        source=allocation.source,
        event_at=at,
        effective_on=local_day(at),
        currency=allocation.currency,
        partner=allocation.agreement.partner.owner,
        amount_minor=change.amount_minor,
        held=change.was_held,
        prior_year=fiscal_years.is_closed(allocation.earned_on),
    )
