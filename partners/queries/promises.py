"""Which promises are in force for a thing that is sold or a gift that is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet

from partners import scopes
from partners.models import Agreement, Partner
from partners.sharing import ShareLine, shares_of_payment
from partners.terms import Terms
from people.queries import local_day_of


@dataclass(frozen=True, slots=True)
class Promise:
    """An agreement in force, as pages show it and checkout freezes it. Days are local and included."""

    agreement_id: int
    partner_id: int
    partner_slug: str
    partner_name: str
    terms: Terms
    scope_key: str
    scope_label: str
    starts_on: date
    ends_on: date

    @property
    def rate_text(self) -> str:
        """ "20%", "12.5%", "1/3", or the amount of each piece or payment: "$2.00"."""
        return self.terms.rate_text

    @property
    def is_for_gifts(self) -> bool:
        return not scopes.is_goods(self.scope_key)

    def amount_for(self, basis_minor: int, cost_minor: int = 0) -> int:
        """The share of one piece or gift of this price by itself, in minor units (rules/shop.md 3.3)."""
        line = ShareLine("", "", "", 1, basis_minor, basis_minor, (self.agreement_id,), cost_minor=cost_minor)
        return sum(share.amount_minor for share in shares_of_payment([line], {self.agreement_id: self.terms}))


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
    today = local_day_of(at)
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
    if not first.terms.stacking_set:
        return [first]
    return [promise for promise in meeting if promise.terms.stacking_set == first.terms.stacking_set]


def promise_of(agreement: Agreement) -> Promise:
    """The agreement as a promise, whether it is in force or not; its partner should be fetched with it."""
    return Promise(
        agreement_id=agreement.pk,
        partner_id=agreement.partner_id,
        partner_slug=agreement.partner.slug,
        partner_name=agreement.partner.name,
        terms=agreement.terms,
        scope_key=agreement.scope_key,
        scope_label=agreement.scope_label,
        starts_on=agreement.starts_on,
        ends_on=agreement.ends_on,
    )
