"""A partner's years before Tassel, from earlier records: shown beside the audited figures, never added to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Sum
from django.db.models.functions import ExtractYear

from partners.models import Partner, PastShare


@dataclass(frozen=True, slots=True)
class PastYear:
    """What one design brought in a year: pieces, their price and the share that was settled, in minor units."""

    year: int
    design: str
    units: int
    basis_minor: int
    amount_minor: int
    currency: str


def years_before(partner: Partner) -> Sequence[PastYear]:
    """By year, the latest first, design and currency. One query."""
    kinds = ("year", "design", "currency")
    sums = (
        PastShare.objects.filter(partner=partner)
        .annotate(year=ExtractYear("sold_on"))
        .values_list(*kinds)
        .annotate(Sum("units"), Sum("basis_minor"), Sum("amount_minor"))
        .order_by("-year", "design", "currency")
    )
    return [
        PastYear(year, design, units, basis_minor, amount_minor, currency)
        for year, design, currency, units, basis_minor, amount_minor in sums
    ]
