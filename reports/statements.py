"""A partner's month as frozen figures: everything that the printed statement says, and nothing else."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import Any, get_args, get_type_hints

from django.conf import settings
from django.db.models import Sum
from django.urls import reverse

from partners.disclosure import scope_sentence
from partners.models import Agreement, AllocationLine, Partner, PartnerPayout
from partners.queries import promises_during, totals
from people.queries import local_day, month_bounds, organisation

TEMPLATE_VERSION = 1


@dataclass(frozen=True, slots=True)
class Line:
    """What one design or fund brought: units sold or gifts, the basis and the share in minor units."""

    design: str
    rate: str
    units: int
    basis_minor: int
    share_minor: int


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
class Statement:
    """opening + accrued - paid + other = closing, in minor units; days are ISO dates in the organisation's zone."""

    organisation: str
    contact_email: str
    partner: str
    partner_slug: str
    month: str
    first_day: str
    last_day: str
    figured_at: str
    figured_on: str
    final: bool
    currency: str
    opening_minor: int
    goods: tuple[Line, ...]
    gifts: tuple[Line, ...]
    accrued_minor: int
    payments: tuple[Payment, ...]
    paid_minor: int
    other_minor: int
    closing_minor: int
    days: tuple[Day, ...]
    rules: tuple[str, ...]
    verify_address: str

    def inputs(self) -> dict[str, Any]:
        """As JSON keeps it; `from_inputs` gives an equal statement back."""
        kept: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return kept

    def content_hash(self) -> str:
        """SHA-256 of the figures and words, whenever they were figured and wherever the site stands."""
        circumstances = {"figured_at": "", "figured_on": "", "verify_address": ""}
        content = self.inputs() | circumstances | {"template_version": TEMPLATE_VERSION}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def from_inputs(inputs: Mapping[str, Any]) -> Statement:
    """The statement that `inputs` was made of."""
    hints = get_type_hints(Statement)
    values = {field.name: _thaw(hints[field.name], inputs[field.name]) for field in fields(Statement)}
    return Statement(**values)


def _thaw(kind: Any, value: Any) -> Any:
    if not isinstance(value, list):
        return value
    row = get_args(kind)[0]
    return tuple(value) if row is str else tuple(row(**item) for item in value)


def partner_statement(partner: Partner, month: str, now: datetime) -> Statement:
    """Read the month ("2026-10") of a partner. Raises ValueError for a word that is no month.

    A month that is not over yet is figured up to now and says so (`final` is False).
    """
    first_day, last_day = month_bounds(month)
    org = organisation()
    account = totals(partner, first_day, last_day, org.currency)
    return Statement(
        organisation=org.legal_name or org.display_name,
        contact_email=org.contact_email,
        partner=partner.name,
        partner_slug=partner.slug,
        month=month,
        first_day=first_day.isoformat(),
        last_day=last_day.isoformat(),
        figured_at=now.isoformat(timespec="seconds"),
        figured_on=local_day(now, org).isoformat(),
        final=local_day(now, org) > last_day,
        currency=org.currency,
        opening_minor=account.opening_minor,
        goods=tuple(Line(t.design, t.percent_text, t.units, t.basis_minor, t.amount_minor) for t in account.goods),
        gifts=tuple(Line(t.design, t.percent_text, t.units, t.basis_minor, t.amount_minor) for t in account.gifts),
        accrued_minor=account.accrued_minor,
        payments=_payments(partner, first_day, last_day, org.currency),
        paid_minor=account.paid_minor,
        other_minor=account.other_minor,
        closing_minor=account.closing_minor,
        days=_days(partner, first_day, last_day, org.currency),
        rules=_rules(partner, first_day, last_day),
        verify_address=f"{settings.BASE_URL}{reverse('reports:verify')}",
    )


def _payments(partner: Partner, first_day: date, last_day: date, currency: str) -> tuple[Payment, ...]:
    settled = PartnerPayout.objects.filter(
        partner=partner,
        currency=currency,
        state=PartnerPayout.State.SETTLED,
        settled_on__gte=first_day,
        settled_on__lte=last_day,
    ).order_by("settled_on", "id")
    return tuple(
        Payment(payout.settled_on.isoformat(), payout.reference, payout.amount_minor)
        for payout in settled
        if payout.settled_on
    )


def _days(partner: Partner, first_day: date, last_day: date, currency: str) -> tuple[Day, ...]:
    """One entry for each day of the month, in one query."""
    rows = (
        AllocationLine.objects.filter(
            allocation__agreement__partner=partner,
            allocation__currency=currency,
            allocation__earned_on__gte=first_day,
            allocation__earned_on__lte=last_day,
        )
        .values_list("allocation__earned_on", "allocation__agreement__basis")
        .annotate(Sum("amount_minor"))
        .order_by()
    )
    by_day: dict[int, dict[str, int]] = defaultdict(dict)
    for earned_on, basis, amount_minor in rows:
        by_day[earned_on.day][basis] = amount_minor
    return tuple(
        Day(
            day,
            by_day[day].get(Agreement.Basis.NET_GOODS, 0),
            by_day[day].get(Agreement.Basis.GIFT_PART, 0),
        )
        for day in range(1, last_day.day + 1)
    )


def _rules(partner: Partner, first_day: date, last_day: date) -> tuple[str, ...]:
    """The promises that were in force on any day of the month, as the buyer read them."""
    return tuple(scope_sentence(promise) for promise in promises_during(partner, first_day, last_day))
