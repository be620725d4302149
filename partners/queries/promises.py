"""Which promises are in force for a thing that is sold or a gift that is given."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from partners import scopes
from partners.models import Agreement, AgreementTotal, Partner
from partners.sharing import ShareLine, shares_of_payment
from partners.terms import Terms
from people.queries import local_day_of


@dataclass(frozen=True, slots=True)
class Promise:
    """An agreement in force, as pages show it and checkout freezes it. Days are local and included.

    `room_minor` is what its cap still lets through, None without a cap.
    """

    agreement_id: int
    partner_id: int
    partner_slug: str
    partner_name: str
    terms: Terms
    scope_key: str
    scope_label: str
    starts_on: date
    ends_on: date
    room_minor: int | None = None

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
        shares = shares_of_payment([line], {self.agreement_id: self.terms})
        return self.limited(sum(share.amount_minor for share in shares))

    def limited(self, amount_minor: int) -> int:
        """What of an amount the cap lets through now."""
        return amount_minor if self.room_minor is None else min(amount_minor, self.room_minor)


def promises_for(scope_keys: Sequence[str], at: datetime) -> list[Promise]:
    """The promises that bind a sale or gift at `at` (aware), for its scope keys, most specific first.

    The most specific level with an agreement wins; when that agreement is in a stacking set, the agreements of its set
    on the other levels apply as well (DESIGN.md section 4). One query.
    """
    return promises_for_many({"": scope_keys}, at)[""]


def promises_for_many(
    scope_keys_by_name: Mapping[str, Sequence[str]], at: datetime, *, without: Collection[int] = ()
) -> dict[str, list[Promise]]:
    """`promises_for` for many things in one query: {"VALOR-DARK": [keys]} -> {"VALOR-DARK": [promises]}.

    `without` leaves agreements out, by id: those whose cap was reached in this moment.
    """
    wanted = {key for keys in scope_keys_by_name.values() for key in keys}
    if not wanted:
        return {name: [] for name in scope_keys_by_name}
    agreements = in_force(at).filter(scope_key__in=wanted).exclude(pk__in=without)
    candidates = [promise_of(agreement) for agreement in agreements]
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
    """Approved agreements whose days contain `at` in the organisation's zone, and whose cap is not reached.

    Zone and caps are read in the same query; `used_minor` is what lies under the cap, open checkouts included.
    """
    today = local_day_of(at)
    under_the_cap = AgreementTotal.objects.filter(
        series=OuterRef("series"), first_on__lte=today, last_on__gte=today, cap_minor__isnull=False
    )
    used = Coalesce(Subquery(under_the_cap.values("net_minor")[:1]), 0)
    return (
        Agreement.objects.exclude(state=Agreement.State.DRAFT)
        .filter(starts_on__lte=today, ends_on__gte=today)
        .annotate(used_minor=used)
        .filter(Q(cap_minor__isnull=True) | Q(used_minor__lt=F("cap_minor")))
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
    used_minor: int | None = getattr(agreement, "used_minor", None)
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
        room_minor=None if agreement.cap_minor is None or used_minor is None else agreement.cap_minor - used_minor,
    )
