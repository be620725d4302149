"""Why a partner's figure is what it is: every total opens down to shares, refunds, entries and payouts.

Figures are those of `partners.queries.account`, from the same rows: at every level the parts add up to the total.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import (
    BigIntegerField,
    CharField,
    Count,
    F,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Cast, Coalesce

from partners.models import (
    Agreement,
    Allocation,
    AllocationLine,
    AllocationReversal,
    AllocationReversalLine,
    Partner,
    PartnerPayout,
    PayoutItem,
)


@dataclass(frozen=True, slots=True)
class OfAgreement:
    """What one agreement brought a partner over some days, in minor units; `shares` and `refunds` are how many."""

    agreement: Agreement
    shares: int
    accrued_minor: int
    refunds: int
    taken_back_minor: int

    @property
    def net_minor(self) -> int:
        return self.accrued_minor - self.taken_back_minor


@dataclass(frozen=True, slots=True)
class Movement:
    """One line of a share, or of what was taken back of one: below zero then. `seq` is where its entry is sealed.

    `payout` is the reference of the payout that claims the share.
    """

    is_back: bool
    on: date
    share_id: int
    agreement_id: int
    source: str
    charge_ref: str
    cause: str
    line_ref: str
    design: str
    units: int
    basis_minor: int
    amount_minor: int
    entry_id: int | None
    entry_key: str
    seq: int | None
    payout: str

    @property
    def why(self) -> str:
        """What it is, in a word or two."""
        if self.is_back:
            return "Taken back"
        if self.cause.startswith("minimum:"):
            return "Up to the minimum"
        return "Room under the cap" if self.cause.startswith("room:") else "Share"


def by_agreement(partner: Partner, first_day: date, last_day: date, currency: str) -> list[OfAgreement]:
    """The month of a partner by agreement; together what `account.months` says of it. Three queries."""
    shares = _shares(partner, first_day, last_day, currency)
    back = _back(partner, first_day, last_day, currency)
    given = {pk: (number, amount) for pk, number, amount in _sums(shares, "agreement")}
    taken = {pk: (number, amount) for pk, number, amount in _sums(back, "allocation__agreement")}
    agreements = Agreement.objects.select_related("partner").in_bulk(given.keys() | taken.keys())
    return [
        OfAgreement(agreements[pk], *given.get(pk, (0, 0)), *taken.get(pk, (0, 0)))
        for pk in sorted(agreements, key=lambda pk: (agreements[pk].series, agreements[pk].version))
    ]


def movements(
    partner: Partner, first_day: date, last_day: date, currency: str, agreement: Agreement | None = None
) -> QuerySet[Any, dict[str, Any]]:
    """Every line of the days, oldest first, as rows for `as_movement`; one query, to be cut into pages."""
    shares, back = _shares(partner, first_day, last_day, currency), _back(partner, first_day, last_day, currency)
    if agreement is not None:
        shares, back = shares.filter(agreement=agreement), back.filter(allocation__agreement=agreement)
    claims = PayoutItem.objects.filter(allocation=OuterRef("allocation"), released_at__isnull=True)
    given = _rows(
        AllocationLine.objects.filter(allocation__in=shares),
        is_back=Value(0),
        on=F("allocation__earned_on"),
        share="allocation__",
        entry="allocation__entry",
        cause=F("allocation__cause"),
        line_ref=F("line_ref"),
        what=F("design"),
        sold=Cast(F("units"), IntegerField()),
        of=F("basis_minor"),
        amount=F("amount_minor"),
        payout=Coalesce(Subquery(claims.values("payout__reference")[:1]), Value("")),
    )
    taken = _rows(
        AllocationReversalLine.objects.filter(reversal__in=back),
        is_back=Value(1),
        on=F("reversal__reversed_on"),
        share="reversal__allocation__",
        entry="reversal__entry",
        cause=F("reversal__cause"),
        line_ref=F("line__line_ref"),
        what=F("line__design"),
        sold=Value(0),
        of=Value(0, output_field=BigIntegerField()),
        amount=-F("amount_minor"),
        payout=Value("", output_field=CharField()),
    )
    return given.union(taken, all=True).order_by("day", "back", "number")


def as_movement(row: dict[str, Any]) -> Movement:
    return Movement(
        is_back=bool(row["back"]),
        on=row["day"],
        share_id=row["share"],
        agreement_id=row["promise"],
        source=row["paid_with"],
        charge_ref=row["charge"],
        cause=row["why"],
        line_ref=row["line_name"],
        design=row["what"],
        units=row["sold"],
        basis_minor=row["of"],
        amount_minor=row["amount"],
        entry_id=row["entry_number"],
        entry_key=row["entry_key"] or "",
        seq=row["seq"],
        payout=row["payout_ref"],
    )


def payouts_of(partner: Partner, first_day: date, last_day: date, currency: str) -> list[PartnerPayout]:
    """What reached the partner's bank in these days. One query."""
    settled = partner.payouts.filter(currency=currency, settled_on__range=(first_day, last_day))
    return list(settled.order_by("settled_on", "pk"))


def _rows(
    lines: QuerySet[Any], *, share: str, entry: str, is_back: Any, on: Any, line_ref: Any, payout: Any, **fields: Any
) -> QuerySet[Any, dict[str, Any]]:
    return lines.order_by().values(
        back=is_back,
        day=on,
        number=F("pk"),
        share=F(f"{share}pk"),
        promise=F(f"{share}agreement"),
        paid_with=F(f"{share}source"),
        charge=F(f"{share}charge_ref"),
        why=fields["cause"],
        line_name=line_ref,
        what=fields["what"],
        sold=fields["sold"],
        of=fields["of"],
        amount=fields["amount"],
        entry_number=F(f"{entry}__pk"),
        entry_key=F(f"{entry}__idempotency_key"),
        seq=F(f"{entry}__seal__seq"),
        payout_ref=payout,
    )


def _shares(partner: Partner, first_day: date, last_day: date, currency: str) -> QuerySet[Allocation]:
    days = (first_day, last_day)
    return Allocation.objects.filter(agreement__partner=partner, currency=currency, earned_on__range=days)


def _back(partner: Partner, first_day: date, last_day: date, currency: str) -> QuerySet[AllocationReversal]:
    about = {"allocation__agreement__partner": partner, "allocation__currency": currency}
    return AllocationReversal.objects.filter(**about, reversed_on__range=(first_day, last_day))


def _sums(rows: QuerySet[Any], agreement: str) -> Iterator[tuple[int, int, int]]:
    sums = rows.order_by().values_list(agreement).annotate(Count("pk"), Sum("amount_minor"))
    return ((pk, number, amount) for pk, number, amount in sums)
