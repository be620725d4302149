"""A partner's month in figures, from what was sealed up to a sequence number: for ever the same (L13)."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, Sum

from partners import scopes
from partners.models import AllocationLine, Partner
from partners.queries import earned, owed, payments, taken_back
from partners.queries.account import DesignTotal


@dataclass(frozen=True, slots=True)
class Line:
    """What one design or fund brought: units sold or gifts, the basis and the share in minor units."""

    design: str
    rate: str
    units: int
    basis_minor: int
    share_minor: int


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What refunds and lost disputes took back of one design's or fund's shares, in minor units."""

    design: str
    rate: str
    amount_minor: int

    @property
    def negative_minor(self) -> int:
        return -self.amount_minor


@dataclass(frozen=True, slots=True)
class Day:
    """What one day of the month promised, in minor units."""

    day: int
    goods_minor: int
    gifts_minor: int


@dataclass(frozen=True, slots=True)
class Payment:
    """One payout that reached the partner's bank."""

    paid_on: str
    reference: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Figures:
    """opening + accrued - taken back - paid + other = closing, minor units; days are ISO dates in our own zone."""

    opening_minor: int
    goods: tuple[Line, ...]
    gifts: tuple[Line, ...]
    accrued_minor: int
    taken_back: tuple[TakenBack, ...]
    taken_back_minor: int
    payments: tuple[Payment, ...]
    paid_minor: int
    other_minor: int
    closing_minor: int
    days: tuple[Day, ...]

    def inputs(self) -> dict[str, Any]:
        """As JSON keeps it."""
        kept: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return kept


def figures(partner: Partner, first_day: date, last_day: date, currency: str, *, through_seq: int) -> Figures:
    """A partner's local days, both included, as of (`last_day`, `through_seq`). Raises ledger.queries.SequenceAhead.

    A pure function of its arguments: names, words and whatever was posted or sealed since do not come in.
    """
    came_in = earned(partner, first_day, last_day, currency, through_seq=through_seq)
    back = taken_back(partner, first_day, last_day, currency, through_seq=through_seq)
    taken_back_minor = sum(line.amount_minor for line in back)
    paid = payments(partner, first_day, last_day, currency, through_seq=through_seq)
    opening_minor = owed(partner, first_day - timedelta(days=1), currency, through_seq=through_seq)
    closing_minor = owed(partner, last_day, currency, through_seq=through_seq)
    paid_minor = sum(payment.amount_minor for payment in paid)
    return Figures(
        opening_minor=opening_minor,
        goods=tuple(map(_line, came_in.goods)),
        gifts=tuple(map(_line, came_in.gifts)),
        accrued_minor=came_in.accrued_minor,
        taken_back=tuple(TakenBack(t.design, t.rate_text, t.amount_minor) for t in back),
        taken_back_minor=taken_back_minor,
        payments=tuple(Payment(p.paid_on.isoformat(), p.reference, p.amount_minor) for p in paid),
        paid_minor=paid_minor,
        other_minor=closing_minor - opening_minor - came_in.accrued_minor + taken_back_minor + paid_minor,
        closing_minor=closing_minor,
        days=_days(partner, first_day, last_day, currency, through_seq),
    )


def _line(total: DesignTotal) -> Line:
    return Line(total.design, total.rate_text, total.units, total.basis_minor, total.amount_minor)


def _days(partner: Partner, first_day: date, last_day: date, currency: str, through_seq: int) -> tuple[Day, ...]:
    """One entry for each day of the month, in one query."""
    rows = (
        AllocationLine.objects.filter(
            allocation__agreement__partner=partner,
            allocation__currency=currency,
            allocation__earned_on__gte=first_day,
            allocation__earned_on__lte=last_day,
            allocation__entry__seal__seq__lte=through_seq,
        )
        .annotate(is_gift=ExpressionWrapper(scopes.of_gifts("allocation__agreement__"), BooleanField()))
        .values_list("allocation__earned_on", "is_gift")
        .annotate(Sum("amount_minor"))
        .order_by()
    )
    by_day: dict[tuple[int, bool], int] = defaultdict(int)
    for earned_on, is_gift, amount_minor in rows:
        by_day[earned_on.day, is_gift] = amount_minor
    return tuple(Day(day, by_day[day, False], by_day[day, True]) for day in range(1, last_day.day + 1))
