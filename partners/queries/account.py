"""A partner's account: what was promised, paid and is still owed, as the ledger has it.

With `through_seq` only what was sealed up to there counts, and the answer is the same for ever; without it everything
that is posted, as live pages show it (rules/sealing.md "As of").
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncMonth

from ledger import queries as books
from partners import scopes
from partners.models import (
    Allocation,
    AllocationLine,
    AllocationReversal,
    AllocationReversalLine,
    Partner,
    PartnerPayout,
)
from partners.terms import RATE, rate_text

OWED = ("payable", "held", "payout_in_flight")  # the purposes of the accounts that together are our debt to a partner


@dataclass(frozen=True, slots=True)
class DesignTotal:
    """What one design (or fund) brought under one rate: units sold (or gifts), basis and share in minor units."""

    design: str
    rate_text: str
    units: int
    basis_minor: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Earned:
    """What sales and gifts brought a partner in a period."""

    goods: tuple[DesignTotal, ...]
    gifts: tuple[DesignTotal, ...]

    @property
    def accrued_minor(self) -> int:
        return sum(line.amount_minor for line in (*self.goods, *self.gifts))


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What refunds and lost disputes took back of the shares of one design or fund under one rate, in minor units."""

    design: str
    rate_text: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Totals:
    """A partner's period as a statement tells it: opening + accrued - taken back - paid + other = closing, minor units.

    `taken_back` says which designs and funds what refunds and lost disputes took back came from, whenever it was sold.

    `other_minor` is whatever else moved the account; it is 0 unless staff posted an adjustment, and is always shown.
    """

    currency: str
    opening_minor: int
    goods: tuple[DesignTotal, ...]
    gifts: tuple[DesignTotal, ...]
    accrued_minor: int
    taken_back: tuple[TakenBack, ...]
    taken_back_minor: int
    paid_minor: int
    other_minor: int
    closing_minor: int

    @property
    def goods_minor(self) -> int:
        return sum(line.amount_minor for line in self.goods)

    @property
    def gifts_minor(self) -> int:
        return sum(line.amount_minor for line in self.gifts)


@dataclass(frozen=True, slots=True)
class Payment:
    """One payout that reached the partner's bank, on the day on which the ledger counts it."""

    paid_on: date
    reference: str
    amount_minor: int


def owed(partner: Partner, as_of: date | None = None, currency: str = "usd", *, through_seq: int | None = None) -> int:
    """What we owe the partner at the end of `as_of`, held and sent-but-not-arrived money included; may be negative."""
    return -books.balance(OWED, partner.owner, currency, as_of, through_seq=through_seq)


def totals(
    partner: Partner, first_day: date | None = None, last_day: date | None = None, currency: str = "usd"
) -> Totals:
    """The partner's account over local days, both included; without a first day from the beginning."""
    came_in = earned(partner, first_day, last_day, currency)
    accrued_minor = came_in.accrued_minor
    back = taken_back(partner, first_day, last_day, currency)
    taken_back_minor = sum(line.amount_minor for line in back)
    paid_minor = _paid(partner, first_day, last_day, currency)
    opening_minor = owed(partner, first_day - timedelta(days=1), currency) if first_day else 0
    closing_minor = owed(partner, last_day, currency)
    return Totals(
        currency=currency,
        opening_minor=opening_minor,
        goods=came_in.goods,
        gifts=came_in.gifts,
        accrued_minor=accrued_minor,
        taken_back=back,
        taken_back_minor=taken_back_minor,
        paid_minor=paid_minor,
        other_minor=closing_minor - opening_minor - accrued_minor + taken_back_minor + paid_minor,
        closing_minor=closing_minor,
    )


def earned(
    partner: Partner,
    first_day: date | None = None,
    last_day: date | None = None,
    currency: str = "usd",
    *,
    through_seq: int | None = None,
) -> Earned:
    """What was sold and given for a partner over local days, both included, by design and rate. One query.

    A share of nothing has no entry and so no place in the sequence: `through_seq` leaves it out.
    """
    lines = list(_by_design(partner, first_day, last_day, currency, through_seq))
    return Earned(
        goods=tuple(total for is_gift, total in lines if not is_gift),
        gifts=tuple(total for is_gift, total in lines if is_gift),
    )


def _by_design(
    partner: Partner, first_day: date | None, last_day: date | None, currency: str, through_seq: int | None
) -> Iterable[tuple[bool, DesignTotal]]:
    """Allocation lines of the period, added up by design and rate, and whether they were gifts."""
    lines = AllocationLine.objects.filter(allocation__agreement__partner=partner, allocation__currency=currency)
    if first_day:
        lines = lines.filter(allocation__earned_on__gte=first_day)
    if last_day:
        lines = lines.filter(allocation__earned_on__lte=last_day)
    if through_seq is not None:
        lines = lines.filter(allocation__entry__seal__seq__lte=through_seq)
    path = "allocation__agreement__"
    kinds = ("is_gift", "design", *(path + part for part in RATE))
    sums = (
        lines.annotate(is_gift=ExpressionWrapper(scopes.of_gifts(path), BooleanField()))
        .values_list(*kinds)
        .annotate(Sum("units"), Sum("basis_minor"), Sum("amount_minor"))
        .order_by(*kinds)
    )
    for is_gift, design, *rate, units, basis_minor, amount_minor in sums:
        yield is_gift, DesignTotal(design, rate_text(*rate), units, basis_minor, amount_minor)


def payments(
    partner: Partner, first_day: date, last_day: date, currency: str = "usd", *, through_seq: int
) -> list[Payment]:
    """What reached the partner's bank over local days, both included, as the sealed books have it. Three queries."""
    lines = books.statement_lines(
        "payout_in_flight", partner.owner, first_day, last_day, currency, through_seq=through_seq
    )
    references = {f"payout:{pk}": reference for pk, reference in partner.payouts.values_list("pk", "reference")}
    return [
        Payment(line.effective_on, references.get(line.source, line.source), line.change_minor)
        for line in lines
        if line.kind in ("payout_settled", "transfer")
    ]


def taken_back(
    partner: Partner,
    first_day: date | None = None,
    last_day: date | None = None,
    currency: str = "usd",
    *,
    through_seq: int | None = None,
) -> tuple[TakenBack, ...]:
    """What refunds and lost disputes took back over local days, both included, by design and rate. One query."""
    lines = AllocationReversalLine.objects.filter(
        reversal__allocation__agreement__partner=partner, reversal__allocation__currency=currency
    )
    if first_day:
        lines = lines.filter(reversal__reversed_on__gte=first_day)
    if last_day:
        lines = lines.filter(reversal__reversed_on__lte=last_day)
    if through_seq is not None:
        lines = lines.filter(reversal__entry__seal__seq__lte=through_seq)
    kinds = ("line__design", *(f"reversal__allocation__agreement__{part}" for part in RATE))
    sums = lines.values_list(*kinds).annotate(Sum("amount_minor")).order_by(*kinds)
    return tuple(
        TakenBack(design, rate_text(*rate), amount_minor) for design, *rate, amount_minor in sums if amount_minor
    )


def _paid(partner: Partner, first_day: date | None, last_day: date | None, currency: str) -> int:
    """What arrived over the days, less what came back over them."""
    payouts = PartnerPayout.objects.filter(partner=partner, currency=currency)
    sums = payouts.aggregate(
        arrived=Sum("amount_minor", filter=Q(**_within("settled_on", first_day, last_day))),
        came_back=Sum("amount_minor", filter=Q(**_within("returned_on", first_day, last_day))),
    )
    return int(sums["arrived"] or 0) - int(sums["came_back"] or 0)


def _within(day: str, first_day: date | None, last_day: date | None) -> dict[str, Any]:
    bounds = {f"{day}__gte": first_day, f"{day}__lte": last_day}
    return {f"{day}__isnull": False} | {bound: value for bound, value in bounds.items() if value}


@dataclass(frozen=True, slots=True)
class Month:
    """One month of a partner's account, in minor units; `first_on` is its first day."""

    first_on: date
    accrued_minor: int
    taken_back_minor: int
    paid_minor: int


def months(partner: Partner, currency: str = "usd") -> list[Month]:
    """Every month in which something was promised, taken back or paid, the latest first. Four queries.

    A payment that came back counts against the month in which it did.
    """
    accrued = _by_month(
        Allocation.objects.filter(agreement__partner=partner, currency=currency, amount_minor__gt=0), "earned_on"
    )
    payouts = PartnerPayout.objects.filter(partner=partner, currency=currency)
    paid = _by_month(payouts.filter(settled_on__isnull=False), "settled_on")
    for month, amount_minor in _by_month(payouts.filter(returned_on__isnull=False), "returned_on").items():
        paid[month] = paid.get(month, 0) - amount_minor
    back = _by_month(
        AllocationReversal.objects.filter(allocation__agreement__partner=partner, allocation__currency=currency),
        "reversed_on",
    )
    return [
        Month(month, accrued.get(month, 0), back.get(month, 0), paid.get(month, 0))
        for month in sorted(accrued | back | paid, reverse=True)
    ]


def _by_month(rows: QuerySet[Any], day: str) -> dict[date, int]:
    sums = rows.annotate(month=TruncMonth(day)).order_by().values_list("month").annotate(Sum("amount_minor"))
    return dict(sums)


def raised_by_partner(currency: str = "usd") -> dict[int, int]:
    """Everything promised so far by paid orders and gifts, less what was taken back: {partner id: minor units}."""
    promised = Allocation.objects.filter(currency=currency).order_by().values_list("agreement__partner")
    back = AllocationReversal.objects.filter(allocation__currency=currency).order_by()
    taken_back = dict(back.values_list("allocation__agreement__partner").annotate(Sum("amount_minor")))
    return {
        partner: amount_minor - taken_back.get(partner, 0)
        for partner, amount_minor in promised.annotate(Sum("amount_minor"))
    }


def paid_by_partner(first_day: date, last_day: date, currency: str = "usd") -> dict[int, int]:
    """What reached each partner's bank on these local days, both included, less what came back: {partner id: minor}."""
    arrived, came_back = (Q(**_within(day, first_day, last_day)) for day in ("settled_on", "returned_on"))
    payouts = PartnerPayout.objects.filter(arrived | came_back, currency=currency).order_by().values_list("partner")
    there, back = (Coalesce(Sum("amount_minor", filter=when), 0) for when in (arrived, came_back))
    return dict(payouts.annotate(reached=there - back))
