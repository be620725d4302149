"""Which promises are in force for a thing that is sold or a gift that is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import DateField, DateTimeField, Func, QuerySet, Subquery, Value
from django.db.models.functions import Cast

from ledger import splitting
from partners.models import Agreement, Partner
from people.models import Organisation


@dataclass(frozen=True, slots=True)
class Promise:
    """An agreement in force, as pages show it and checkout freezes it. Days are local and included."""

    agreement_id: int
    partner_id: int
    partner_slug: str
    partner_name: str
    rate_num: int
    rate_den: int
    basis: str
    scope_key: str
    scope_label: str
    starts_on: date
    ends_on: date
    stacking_set: str

    @property
    def percent_text(self) -> str:
        """ "20%", "12.5%"; a rate without an end in decimals as the fraction it is: "1/3"."""
        return percent_text(self.rate_num, self.rate_den)

    def amount_for(self, basis_minor: int) -> int:
        """The share of one payment's basis, in minor units, rounded half up (rules/shop.md 3.3)."""
        return splitting.share(basis_minor, self.rate_num, self.rate_den)


def percent_text(rate_num: int, rate_den: int) -> str:
    """A rate as people write it: `percent_text(1, 8)` -> "12.5%"."""
    hundredths, rest = divmod(rate_num * 10_000, rate_den)
    if rest:
        return f"{rate_num}/{rate_den}"
    whole, decimals = divmod(hundredths, 100)
    return f"{whole}.{decimals:02}".rstrip("0").rstrip(".") + "%"


def promises_for(scope_keys: Sequence[str], at: datetime) -> list[Promise]:
    """The promises that bind a sale or gift at `at` (aware), for its scope keys, most specific first.

    The most specific level with an agreement wins; when that agreement is in a stacking set, the agreements of its set
    on the other levels apply as well (DESIGN.md section 4). One query.
    """
    return promises_for_many({"": scope_keys}, at)[""]


def promises_for_many(scope_keys_by_name: Mapping[str, Sequence[str]], at: datetime) -> dict[str, list[Promise]]:
    """`promises_for` for many things in one query: {"VALOR-DARK": [keys]} -> {"VALOR-DARK": [promises]}."""
    wanted = {key for keys in scope_keys_by_name.values() for key in keys}
    if not wanted:
        return {name: [] for name in scope_keys_by_name}
    candidates = [promise_of(agreement) for agreement in in_force(at).filter(scope_key__in=wanted)]
    return {name: _most_specific(candidates, keys) for name, keys in scope_keys_by_name.items()}


def promises_of(partner: Partner, at: datetime) -> list[Promise]:
    """Every promise to one partner that is in force at `at`. One query."""
    return [promise_of(agreement) for agreement in in_force(at).filter(partner=partner).order_by("scope_key", "id")]


def promises_during(partner: Partner, first_day: date, last_day: date) -> list[Promise]:
    """Every promise to one partner that was in force on any of these local days, both included. One query."""
    agreements = (
        Agreement.objects.exclude(state=Agreement.State.DRAFT)
        .filter(partner=partner, starts_on__lte=last_day, ends_on__gte=first_day)
        .select_related("partner")
        .order_by("scope_key", "id")
    )
    return [promise_of(agreement) for agreement in agreements]


def in_force(at: datetime) -> QuerySet[Agreement]:
    """Approved agreements whose days contain `at` in the organisation's zone; the zone is read in the same query."""
    zone_name = Subquery(Organisation.objects.filter(pk=1).values("zone_name"))
    today = Cast(
        Func(zone_name, Value(at, output_field=DateTimeField()), function="timezone", output_field=DateTimeField()),
        DateField(),
    )
    return (
        Agreement.objects.exclude(state=Agreement.State.DRAFT)
        .filter(starts_on__lte=today, ends_on__gte=today)
        .select_related("partner")
        .order_by("id")
    )


def _most_specific(candidates: Sequence[Promise], scope_keys: Sequence[str]) -> list[Promise]:
    """Those candidates that bind a thing with these keys (most specific first), in the order of the keys, then age."""
    rank = {key: position for position, key in reversed(list(enumerate(scope_keys)))}
    meeting = sorted(
        (promise for promise in candidates if promise.scope_key in rank),
        key=lambda promise: (rank[promise.scope_key], promise.agreement_id),
    )
    if not meeting:
        return []
    first = meeting[0]
    if not first.stacking_set:
        return [first]
    return [promise for promise in meeting if promise.stacking_set == first.stacking_set]


def promise_of(agreement: Agreement) -> Promise:
    """The agreement as a promise, whether it is in force or not; its partner should be fetched with it."""
    return Promise(
        agreement_id=agreement.pk,
        partner_id=agreement.partner_id,
        partner_slug=agreement.partner.slug,
        partner_name=agreement.partner.name,
        rate_num=agreement.rate_num,
        rate_den=agreement.rate_den,
        basis=agreement.basis,
        scope_key=agreement.scope_key,
        scope_label=agreement.scope_label,
        starts_on=agreement.starts_on,
        ends_on=agreement.ends_on,
        stacking_set=agreement.stacking_set,
    )
