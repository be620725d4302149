"""Money went back to a payer, so each partner's share of it is taken back: to date, never more than it justifies."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger import builders, fiscal_years, splitting
from ledger.drafts import EntryDraft
from ledger.operations.post_entry import post_entries
from partners.holding import end_holds
from partners.models import Allocation, AllocationLine, AllocationReversal, AllocationReversalLine, Hold
from partners.queries.reversals import change_of
from partners.waiting import note_refund
from people.queries import local_day

BESIDE_THE_HOLD = ":beside_the_hold"


@dataclass(frozen=True, slots=True)
class _Change:
    """What one cause takes back of one share, by line; below zero gives back."""

    allocation: Allocation
    cause: str
    lines: tuple[tuple[AllocationLine, int], ...]
    refunded_minor: Mapping[str, int]
    was_held: bool

    @property
    def amount_minor(self) -> int:
        return sum(amount for _, amount in self.lines)


def reverse_shares(
    *,
    source: str,
    charge_ref: str,
    cause: str,
    refunded_minor: Mapping[str, int],
    at: datetime,
    now: datetime,
    only: Collection[int] | None = None,
) -> list[AllocationReversal]:
    """Figure again how much of each share of this payment is taken back, and post what changed (rules/ledger.md R3).

    `refunded_minor` is what has been given back to date for each line ("order_line:7"), lost disputes included, before
    tax and shipping and without a gift's fee cover; lines that are left out had nothing given back. `cause` is what
    happened ("stripe:refund:re_1"), `at` when. What was held for this cause is used up first and the rest of it is
    released. Nothing is ever clipped: a partner that was paid owes us, and later shares are netted against that.

    Inside the caller's transaction, under the payment's lock; a cause that is known gives back the rows of the first
    call. `only` some agreements' shares: those that waited for their card fee when the cause was told. Raises
    ValueError when more was given back than paid, and what `post_entries` raises.
    """
    if only is None:
        note_refund(source=source, charge_ref=charge_ref, cause=cause, refunded_minor=refunded_minor, at=at)
    shares = Allocation.objects.filter(source=source, charge_ref=charge_ref)
    if only is not None:
        shares = shares.filter(agreement__in=only)
    known = AllocationReversal.objects.filter(allocation__in=shares, cause__in=[cause, cause + BESIDE_THE_HOLD])
    if found := list(known):
        return found
    allocations = list(shares.select_related("agreement__partner").prefetch_related("lines__reversals").order_by("id"))
    holds = {
        hold.allocation_id: hold
        for hold in Hold.objects.filter(allocation__in=allocations, cause=cause, ended_on__isnull=True)
    }
    changes = [
        change
        for allocation in allocations
        for change in _changes(allocation, cause, refunded_minor, holds.get(allocation.pk))
    ]
    rows = _write(changes, at, now)
    _end_holds(list(holds.values()), changes, allocations, at, now)
    return rows


def _changes(allocation: Allocation, cause: str, refunded_minor: Mapping[str, int], hold: Hold | None) -> list[_Change]:
    """What is taken back now, out of the hold as far as it goes."""
    lines = [(line, change_of(line, refunded_minor.get(line.line_ref, 0))) for line in allocation.lines.all()]
    total = sum(amount for _, amount in lines)
    if not any(amount for _, amount in lines):
        return []
    if hold is None or total <= 0:
        return _worth(_Change(allocation, cause, tuple(lines), refunded_minor, was_held=False))
    from_hold = splitting.split(min(total, hold.amount_minor), [max(amount, 0) for _, amount in lines])
    held = tuple((line, part) for (line, _), part in zip(lines, from_hold, strict=True))
    beside = tuple((line, amount - part) for (line, amount), part in zip(lines, from_hold, strict=True))
    return [
        *_worth(_Change(allocation, cause, held, refunded_minor, was_held=True)),
        *_worth(_Change(allocation, cause + BESIDE_THE_HOLD, beside, refunded_minor, was_held=False)),
    ]


def _worth(change: _Change) -> list[_Change]:
    return [change] if change.amount_minor else []


def _write(changes: Sequence[_Change], at: datetime, now: datetime) -> list[AllocationReversal]:
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


def _draft(change: _Change, at: datetime) -> EntryDraft:
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


def _end_holds(
    holds: Sequence[Hold],
    changes: Sequence[_Change],
    allocations: Sequence[Allocation],
    at: datetime,
    now: datetime,
) -> None:
    """What a lost dispute left of a hold can be paid out again."""
    by_id = {allocation.pk: allocation for allocation in allocations}
    taken = {change.allocation.pk: change.amount_minor for change in changes if change.was_held}
    left = [(hold, hold.amount_minor - taken.get(hold.allocation_id, 0)) for hold in holds]
    for hold, _ in left:
        hold.allocation = by_id[hold.allocation_id]
    end_holds(left, at=at, now=now)
