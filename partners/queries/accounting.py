"""What an agreement comes to in the end, per unit, as co-venture laws ask; and how many a shop gives to in a year."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import QuerySet, Sum

from partners import scopes
from partners.models import Agreement, AllocationLine, AllocationReversalLine, PayoutItem
from partners.queries.papers import TERMS, terms_of, value
from people.queries import organisation

RECIPIENTS_MAX: Final = 6  # California 12599.9: up to that many a year a shop is no fundraising platform


@dataclass(frozen=True, slots=True)
class UnitLine:
    """All of one design under an agreement, in minor units."""

    design: str
    units: int
    basis_minor: int
    promised_minor: int
    taken_back_minor: int

    @property
    def net_minor(self) -> int:
        return self.promised_minor - self.taken_back_minor


@dataclass(frozen=True, slots=True)
class FinalAccounting:
    """An agreement's lines by design, and what of it reached the partner's bank. The parts add up to the whole."""

    lines: tuple[UnitLine, ...]
    paid_minor: int

    @property
    def promised_minor(self) -> int:
        return sum(line.promised_minor for line in self.lines)

    @property
    def net_minor(self) -> int:
        return sum(line.net_minor for line in self.lines)


COLUMNS = (
    "design",
    "units",
    "of_minor",
    "share_of_each",
    "promised_minor",
    "taken_back_minor",
    "net_minor",
    "currency",
    "partner",
    "first_day",
    "last_day",
    *TERMS,
)


def final_accounting(agreement: Agreement) -> FinalAccounting:
    """Everything that was allocated under the agreement so far. Three queries."""
    back = dict(
        AllocationReversalLine.objects.filter(reversal__allocation__agreement=agreement)
        .order_by()
        .values_list("line__design")
        .annotate(Sum("amount_minor"))
    )
    lines = (
        AllocationLine.objects.filter(allocation__agreement=agreement)
        .order_by("design")
        .values_list("design")
        .annotate(Sum("units"), Sum("basis_minor"), Sum("amount_minor"))
    )
    paid = PayoutItem.objects.filter(
        allocation__agreement=agreement, released_at__isnull=True, payout__state="settled"
    ).aggregate(paid=Sum("amount_minor"))["paid"]
    return FinalAccounting(
        tuple(
            UnitLine(design, units, basis_minor, promised_minor, back.get(design, 0))
            for design, units, basis_minor, promised_minor in lines
        ),
        paid or 0,
    )


def accounting_rows(agreement: Agreement, found: FinalAccounting) -> Iterator[list[str | int]]:
    """As a file tells it: a row for each design, then the whole, then what reached the bank.

    Each row says of which contract it is, with the terms that were written down. One query.
    """
    share, currency = agreement.terms.rate_text, agreement.currency
    of_contract = _of_contract(agreement)
    for line in found.lines:
        yield [
            line.design, line.units, line.basis_minor, share, line.promised_minor, line.taken_back_minor,
            line.net_minor, currency, *of_contract,
        ]  # fmt: skip
    units, basis_minor = sum(one.units for one in found.lines), sum(one.basis_minor for one in found.lines)
    back_minor = found.promised_minor - found.net_minor
    whole = (found.promised_minor, back_minor, found.net_minor)
    yield ["Together", units, basis_minor, "", *whole, currency, *of_contract]
    yield ["Reached the bank", "", "", "", "", "", found.paid_minor, currency, *of_contract]


def _of_contract(agreement: Agreement) -> list[str | int]:
    terms = terms_of(agreement)
    said = [value(terms, name) if terms else None for name in TERMS]
    days = (agreement.starts_on.isoformat(), agreement.ends_on.isoformat())
    return [agreement.partner.name, *days, *("" if one is None else str(one) for one in said)]


def recipients_in(year: int) -> int:
    """How many partners goods are promised to in a calendar year. One query."""
    goods = _promised_goods().filter(starts_on__lte=date(year, 12, 31), ends_on__gte=date(year, 1, 1))
    return goods.order_by().values("partner").distinct().count()


def recipient_by(agreement: Agreement, today: date) -> tuple[int, int] | None:
    """The first year, from today's on, of which this draft would make its partner at least the sixth: (2026, 6).

    None where it would not: a promise of gifts, few enough partners, or one that goods are promised to already.
    One query.
    """
    if not scopes.is_goods(agreement.scope_key):
        return None
    promised = list(
        _promised_goods()
        .filter(starts_on__lte=date(agreement.ends_on.year, 12, 31), ends_on__gte=date(agreement.starts_on.year, 1, 1))
        .values_list("partner", "starts_on", "ends_on")
    )
    for year in range(max(agreement.starts_on.year, today.year), agreement.ends_on.year + 1):
        partners = {partner for partner, first, last in promised if first.year <= year <= last.year}
        if agreement.partner_id not in partners and len(partners) + 1 >= RECIPIENTS_MAX:
            return year, len(partners) + 1
    return None


def _promised_goods() -> QuerySet[Agreement]:
    return Agreement.objects.exclude(state=Agreement.State.DRAFT).filter(
        scope_key__regex=r"^(shop$|variant:|product:|collection:)"
    )


def recipients_warning(year: int) -> str:
    """Said on the desk from the sixth on; empty before (rules/shop.md section 4, California 12599.9)."""
    number = recipients_in(year)
    if number < RECIPIENTS_MAX:
        return ""
    return (
        f"In {year} {organisation().display_name} promises shares of goods to {number} partners. More than"
        f" {RECIPIENTS_MAX} a year can make it a charitable fundraising platform in California: ask a lawyer first."
    )
