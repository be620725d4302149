"""A promise that came to less than its guaranteed minimum is topped up, once period and refund window are over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Sum

from ledger import builders, caps
from ledger.operations.post_entry import post_entry
from partners.capping import total_of
from partners.disclosure import limit_text
from partners.models import Agreement, AgreementTotal, Allocation, AllocationLine, AllocationReversal
from partners.models.allocations import allocation_ref
from partners.queries.eligible import policy
from people.queries import local_day

MINIMUM = "minimum:"


def top_up_minimums(*, now: datetime) -> int:
    """Add what is missing to every guaranteed minimum that is due; again when later refunds made it more.

    What was added is never taken back (ledger.caps). Returns how many were topped up. Each is a transaction of its own;
    raises what `post_entry` raises.
    """
    done = 0
    settled_until = local_day(now) - timedelta(days=policy().refund_window_days)
    for agreement, days in _due(settled_until):
        done += _top_up(agreement, days, now)
    return done


def _due(settled_until: date) -> Iterator[tuple[Agreement, tuple[date, date]]]:
    """The last version of each promise with a minimum, for every period of it that ended by then."""
    rows = (
        Agreement.objects.exclude(state=Agreement.State.DRAFT).select_related("partner").order_by("series", "version")
    )
    by_series: dict[str, list[Agreement]] = {}
    for row in rows.filter(minimum_minor__isnull=False):
        by_series.setdefault(row.series, []).append(row)
    for versions in by_series.values():
        periods: dict[tuple[date, date], Agreement] = {}
        for version in versions:
            for days in _periods(version):
                periods[days] = version
        last_day = max(version.ends_on for version in versions)
        for days, version in periods.items():
            if min(days[1], last_day) <= settled_until:
                yield version, days


def _periods(agreement: Agreement) -> Iterator[tuple[date, date]]:
    """Every period that the agreement's days touch."""
    day = agreement.starts_on
    while day <= agreement.ends_on:
        days = agreement.limits.days(day)
        yield days
        if days[1] >= agreement.ends_on:
            return
        day = days[1] + timedelta(days=1)


@transaction.atomic
def _top_up(agreement: Agreement, days: tuple[date, date], now: datetime) -> bool:
    """Whether something was missing."""
    total = _locked(agreement, days)
    missing_minor = caps.top_up(total.minimum_minor or 0, _earned(total), total.topped_up_minor)
    if not missing_minor:
        return False
    cause = f"{MINIMUM}{total.topped_up_minor}"
    posted = post_entry(
        builders.top_up(
            top_up_ref=allocation_ref(total.ref, "", agreement.pk, cause),
            source=total.ref,
            event_at=now,
            effective_on=local_day(now),
            currency=total.currency,
            partner=agreement.partner.owner,
            amount_minor=missing_minor,
        ),
        now=now,
    )
    share = Allocation.objects.create(
        agreement=agreement,
        source=total.ref,
        charge_ref="",
        cause=cause,
        paid_minor=0,
        basis_minor=0,
        uncapped_minor=0,
        amount_minor=missing_minor,
        currency=total.currency,
        bound_on=min(agreement.ends_on, total.last_on),
        earned_at=now,
        earned_on=posted.effective_on,
        entry_id=posted.entry_id,
    )
    AllocationLine.objects.create(
        allocation=share,
        line_ref=total.ref,
        label=f"Up to the guaranteed {limit_text(total.minimum_minor or 0, total.currency, agreement.limit_period)}",
        design=agreement.scope_label,
        units=0,
        paid_minor=0,
        basis_minor=0,
        amount_minor=missing_minor,
    )
    total.topped_up_minor += missing_minor
    total.save(update_fields=["topped_up_minor"])
    return True


def _locked(agreement: Agreement, days: tuple[date, date]) -> AgreementTotal:
    AgreementTotal.objects.bulk_create([total_of(agreement, days)], ignore_conflicts=True)
    return AgreementTotal.objects.select_for_update().get(series=agreement.series, first_on=days[0])


def _earned(total: AgreementTotal) -> int:
    """What the promise's payments of the period came to, after what was taken back."""
    bound = {"agreement__series": total.series, "bound_on__range": (total.first_on, total.last_on)}
    shares = Allocation.objects.filter(**bound).exclude(cause__startswith=MINIMUM)
    given = shares.aggregate(sum=Sum("amount_minor"))["sum"] or 0
    back = AllocationReversal.objects.filter(allocation__in=shares).aggregate(sum=Sum("amount_minor"))["sum"] or 0
    return int(given - back)
