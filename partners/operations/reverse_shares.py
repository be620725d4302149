"""Money went back to a payer, so each partner's share of it is taken back: to date, never more than it justifies."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from ledger import splitting
from partners.capping import Difference, lock_totals, move, places_of, post_differences, reversed_of
from partners.holding import end_holds
from partners.models import Allocation, AllocationReversal, CapSource, Hold
from partners.models.allocations import ACCRUAL
from partners.queries.reversals import change_of
from partners.taking_back import BESIDE_THE_HOLD, Change, write_changes
from partners.waiting import note_refund


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
    released. Nothing is ever clipped: a partner that was paid owes us, and later shares are netted against that. Under
    a cap, what becomes free goes to the payments that came later (DESIGN.md section 4 "Caps and minimums").

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
    rows = []
    for place, differences in _under_caps(allocations, refunded_minor):
        rows += post_differences(
            differences, cause=cause, at=at, now=now, refunded_minor=refunded_minor, holds=holds, first=place
        )
    changes = [
        change
        for allocation in allocations
        if not allocation.agreement.cap_minor
        for change in _changes(allocation, cause, refunded_minor, holds.get(allocation.pk))
    ]
    rows += write_changes(changes, at=at, now=now)
    _end_holds(list(holds.values()), rows, allocations, at, now)
    return rows


def _under_caps(
    allocations: Sequence[Allocation], refunded_minor: Mapping[str, int]
) -> list[tuple[CapSource, list[Difference]]]:
    """Where a cap may have clipped the shares: the payment's places with another net, and what that changes."""
    own = {share.agreement_id: share for share in allocations if share.agreement.cap_minor and share.cause == ACCRUAL}
    totals = lock_totals((share.agreement, share.bound_on) for share in own.values())
    if not own:
        return []
    return [
        (
            place,
            move(
                totals[place.agreement_id],
                place,
                state=CapSource.State.ACCRUED,
                uncapped_minor=place.uncapped_minor,
                reversed_minor=reversed_of(own[place.agreement_id], refunded_minor),
            ),
        )
        for place in places_of(allocations[0].source, allocations[0].charge_ref, own)
    ]


def _changes(allocation: Allocation, cause: str, refunded_minor: Mapping[str, int], hold: Hold | None) -> list[Change]:
    """What is taken back now, out of the hold as far as it goes."""
    lines = [(line, change_of(line, refunded_minor.get(line.line_ref, 0))) for line in allocation.lines.all()]
    total = sum(amount for _, amount in lines)
    if not any(amount for _, amount in lines):
        return []
    if hold is None or total <= 0:
        return _worth(Change(allocation, cause, tuple(lines), refunded_minor))
    from_hold = splitting.split(min(total, hold.amount_minor), [max(amount, 0) for _, amount in lines])
    held = tuple((line, part) for (line, _), part in zip(lines, from_hold, strict=True))
    beside = tuple((line, amount - part) for (line, amount), part in zip(lines, from_hold, strict=True))
    return [
        *_worth(Change(allocation, cause, held, refunded_minor, was_held=True)),
        *_worth(Change(allocation, cause + BESIDE_THE_HOLD, beside, refunded_minor)),
    ]


def _worth(change: Change) -> list[Change]:
    return [change] if change.amount_minor else []


def _end_holds(
    holds: Sequence[Hold],
    rows: Sequence[AllocationReversal],
    allocations: Sequence[Allocation],
    at: datetime,
    now: datetime,
) -> None:
    """What a lost dispute left of a hold can be paid out again."""
    by_id = {allocation.pk: allocation for allocation in allocations}
    taken = {row.allocation_id: row.amount_minor for row in rows if row.was_held}
    left = [(hold, hold.amount_minor - taken.get(hold.allocation_id, 0)) for hold in holds]
    for hold, _ in left:
        hold.allocation = by_id[hold.allocation_id]
    end_holds(left, at=at, now=now)
