"""What lies under a cap: locked, figured as a waterfall, and brought to it in the books; for operations that change it.

Each payment under a cap has a place in the order in which it accrued or its checkout reserved room. Whatever changes
the net of one place is posted as differences from there on (`ledger.caps`), so the books are always the smaller of the
cap and the sum. `AgreementTotal` rows are locked in id order before anything is posted (DESIGN.md section 4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import F, QuerySet, Sum

from ledger import builders, caps, splitting
from ledger.operations.post_entry import post_entries
from partners.models import Agreement, AgreementTotal, Allocation, AllocationLine, AllocationReversal, CapSource, Hold
from partners.models.allocations import ACCRUAL, allocation_ref
from partners.taking_back import left_of, taken_from, with_lines, write_changes
from people.queries import local_day


@dataclass(frozen=True, slots=True)
class Difference:
    """What the books lack for a place in the waterfall; below zero what they have too much."""

    place: CapSource
    amount_minor: int


def lock_totals(bound: Iterable[tuple[Agreement, date]]) -> dict[int, AgreementTotal]:
    """The periods of those agreements that have a cap, by agreement id; locked in id order, made at first use.

    `bound` says on which local day each promise bound. No query where nothing has a cap.
    """
    periods = {agreement.pk: (agreement, agreement.limits.days(day)) for agreement, day in bound if agreement.cap_minor}
    if not periods:
        return {}
    found = _locked(periods)
    missing = [period for pk, period in periods.items() if pk not in found]
    if missing:
        AgreementTotal.objects.bulk_create((total_of(*period) for period in missing), ignore_conflicts=True)
        found = _locked(periods)
    return found


def total_of(agreement: Agreement, days: tuple[date, date]) -> AgreementTotal:
    """The row of a period, as it begins."""
    return AgreementTotal(
        series=agreement.series,
        first_on=days[0],
        last_on=days[1],
        currency=agreement.currency,
        cap_minor=agreement.cap_minor,
        minimum_minor=agreement.minimum_minor,
    )


def _locked(periods: Mapping[int, tuple[Agreement, tuple[date, date]]]) -> dict[int, AgreementTotal]:
    series = {agreement.series for agreement, _ in periods.values()}
    first_days = {days[0] for _, days in periods.values()}
    rows = AgreementTotal.objects.select_for_update().filter(series__in=series, first_on__in=first_days)
    by_key = {(row.series, row.first_on): row for row in rows.order_by("id")}
    return {
        pk: by_key[agreement.series, days[0]]
        for pk, (agreement, days) in periods.items()
        if (agreement.series, days[0]) in by_key
    }


def place_of(total: AgreementTotal, agreement: Agreement, source: str, charge_ref: str) -> CapSource:
    """Where a payment that accrues stands: in the place that its checkout reserved, or last."""
    place = CapSource.objects.filter(source=source, agreement=agreement, state=CapSource.State.RESERVED).first()
    place = place or CapSource(total=total, agreement=agreement, source=source, uncapped_minor=0)
    place.charge_ref = charge_ref
    return place


def move(
    total: AgreementTotal, place: CapSource, *, state: str, uncapped_minor: int, reversed_minor: int = 0
) -> list[Difference]:
    """Give a place another net; returns what the books now lack for it and for those after it, in their order.

    The rows are saved as they will stand once the caller has posted that. A new place is the last one.
    """
    reach_minor = total.net_minor
    total.net_minor -= place.counted_minor if place.pk else 0
    place.state, place.uncapped_minor, place.reversed_minor = state, uncapped_minor, reversed_minor
    total.net_minor += place.counted_minor
    total.save(update_fields=["net_minor"])
    is_new = place.pk is None
    if is_new:
        place.save()
    rows = [place]
    if max(reach_minor, total.net_minor) > (total.cap_minor or 0) and not is_new:
        # The cap is or was reached, so what comes later may have to make room, or get some.
        later = total.sources.filter(pk__gt=place.pk, state__in=CapSource.COUNTS)
        rows += later.order_by("pk")
    left = caps.room(total.cap_minor or 0, total.net_minor - sum(row.counted_minor for row in rows))
    differences = []
    for row, wanted in zip(rows, caps.waterfall(left, [row.counted_minor for row in rows]), strict=True):
        standing = wanted if row.state == CapSource.State.ACCRUED else 0
        if standing != row.posted_minor:
            differences.append(Difference(row, standing - row.posted_minor))
            row.posted_minor = standing
    changed = {difference.place.pk: difference.place for difference in differences} | {place.pk: place}
    fields = ["charge_ref", "state", "uncapped_minor", "reversed_minor", "posted_minor"]
    CapSource.objects.bulk_update(changed.values(), fields)
    return differences


def post_differences(
    differences: Sequence[Difference],
    *,
    cause: str,
    at: datetime,
    now: datetime,
    first: CapSource | None = None,
    refunded_minor: Mapping[str, int] | None = None,
    holds: Mapping[int, Hold] | None = None,
) -> list[AllocationReversal]:
    """Bring shares to what the waterfall wants: room that came free is added, what is too much is taken back.

    `first` is the place that `cause` is about, with what went back of its lines to date and what is held of its shares
    for that cause. Returns what was taken back of it.
    """
    own, others = [], []
    for difference in differences:
        place = difference.place
        shares = with_lines(
            Allocation.objects.filter(source=place.source, charge_ref=place.charge_ref, agreement=place.agreement_id)
        )
        if difference.amount_minor > 0:
            _add_room(difference, shares, cause, at, now)
        elif place is first:
            own += taken_from(shares, -difference.amount_minor, cause, refunded_minor or {}, holds or {})
        else:
            others += taken_from(shares, -difference.amount_minor, cause)
    write_changes(others, at=at, now=now)
    return write_changes(own, at=at, now=now)


def _add_room(difference: Difference, shares: Sequence[Allocation], cause: str, at: datetime, now: datetime) -> None:
    """One more allocation of the payment, over its lines as far as each has less than it would without a cap."""
    first = next(share for share in shares if share.cause == ACCRUAL)
    lines = list(first.lines.all())
    standing: dict[str, int] = {}
    for share in shares:
        for line in share.lines.all():
            standing[line.line_ref] = standing.get(line.line_ref, 0) + left_of(line)
    lacks = [max(_uncapped(line) - standing[line.line_ref], 0) for line in lines]
    weights = lacks if sum(lacks) >= difference.amount_minor else [_uncapped(line) for line in lines]
    named = f"room:{cause}"
    posted = post_entries(
        [
            builders.accrual(
                allocation_ref=allocation_ref(first.source, first.charge_ref, first.agreement_id, named),
                source=first.source,
                event_at=at,
                effective_on=local_day(at),
                currency=first.currency,
                partner=first.agreement.partner.owner,
                amount_minor=difference.amount_minor,
            )
        ],
        now=now,
    )[0]
    room = Allocation.objects.create(
        agreement=first.agreement,
        source=first.source,
        charge_ref=first.charge_ref,
        cause=named,
        paid_minor=0,
        basis_minor=0,
        uncapped_minor=0,
        amount_minor=difference.amount_minor,
        currency=first.currency,
        bound_on=first.bound_on,
        earned_at=at,
        earned_on=posted.effective_on,
        entry_id=posted.entry_id,
    )
    AllocationLine.objects.bulk_create(
        AllocationLine(
            allocation=room, line_ref=line.line_ref, label=line.label, design=line.design, units=0, paid_minor=0,
            basis_minor=0, amount_minor=amount,
        )
        for line, amount in zip(lines, splitting.split(difference.amount_minor, weights), strict=True)
        if amount
    )  # fmt: skip


def _uncapped(line: AllocationLine) -> int:
    return line.amount_minor if line.uncapped_minor is None else line.uncapped_minor


def reversed_of(share: Allocation, refunded_minor: Mapping[str, int]) -> int:
    """How much of a share without a cap is taken back once this much of each line went back (rules/ledger.md R3)."""
    return sum(
        splitting.reversed_to_date(_uncapped(line), refunded_minor.get(line.line_ref, 0), line.paid_minor)
        for line in share.lines.all()
        if line.paid_minor
    )


def standing_if(place: CapSource, total: AgreementTotal, share: Allocation, refunded_minor: Mapping[str, int]) -> int:
    """What would stand for a place if this much of its payment had gone back, and nothing else changed. One query."""
    earlier = total.sources.filter(pk__lt=place.pk, state__in=CapSource.COUNTS)
    net_before = earlier.aggregate(net=Sum(F("uncapped_minor") - F("reversed_minor")))["net"] or 0
    net_minor = place.uncapped_minor - reversed_of(share, refunded_minor)
    return min(net_minor, caps.room(total.cap_minor or 0, net_before))


def places_of(source: str, charge_ref: str, agreements: Iterable[int]) -> QuerySet[CapSource]:
    """The places of one payment, with their agreements; who changes them has locked their totals."""
    rows = CapSource.objects.filter(source=source, charge_ref=charge_ref, agreement__in=list(agreements))
    return rows.filter(state=CapSource.State.ACCRUED).select_related("agreement__partner").order_by("pk")
