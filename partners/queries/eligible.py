"""What could be paid to each partner now, and what keeps the rest back (rules/ledger.md section 6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from ledger import queries as books
from partners.models import Allocation, Partner, PartnerPayout, PayoutItem, PayoutPolicy
from payments.queries import funds_available_among


@dataclass(frozen=True, slots=True)
class Eligible:
    """One partner at a cut-off day: payable = ready + too young + funds on the way + other entries + already proposed.

    Amounts are minor units. `allocations` are those that make up `ready_minor`; `other_minor` is what else stands on
    the partner's account, negative where it is in our favour. `why_not` is empty when `eligible_minor` can be paid.
    """

    partner: Partner
    payable_minor: int
    ready_minor: int
    too_young_minor: int
    funds_on_the_way_minor: int
    proposed_minor: int
    other_minor: int
    allocations: tuple[Allocation, ...]
    why_not: str

    @property
    def eligible_minor(self) -> int:
        return self.ready_minor + self.other_minor


def policy() -> PayoutPolicy:
    """The organisation's payout settings, or their defaults."""
    return PayoutPolicy.objects.filter(pk=1).first() or PayoutPolicy()


def eligible(
    *, as_of: date, today: date, currency: str, now: datetime, rules: PayoutPolicy | None = None
) -> list[Eligible]:
    """Every partner with money on its account, at the end of `as_of` (local), by `rules` or the policy. Five queries.

    Not yet eligible: shares earned after `as_of`, shares inside the refund window on the local day `today`, shares
    whose payment Stripe has not made available, and what is in another proposal. A sum below the minimum or below zero
    is carried forward.
    """
    rules = rules or policy()
    settled_until = min(as_of, today - timedelta(days=rules.refund_window_days))
    payable = books.balances_by_owner("payable", None, currency)
    unclaimed = _unclaimed(currency)
    available = funds_available_among(
        {allocation.charge_ref for rows in unclaimed.values() for allocation in rows}, now
    )
    result = []
    for partner in _partners(currency):
        payable_minor = -payable.get(partner.owner, 0)
        rows = unclaimed.get(partner.pk, [])
        if not payable_minor and not rows:
            continue
        old = [row for row in rows if row.earned_on <= settled_until]
        ready = tuple(row for row in old if row.charge_ref in available)
        proposed_minor = partner.proposed_minor
        ready_minor = _sum(ready)
        other_minor = payable_minor - _sum(rows) - proposed_minor
        result.append(
            Eligible(
                partner=partner,
                payable_minor=payable_minor,
                ready_minor=ready_minor,
                too_young_minor=_sum(rows) - _sum(old),
                funds_on_the_way_minor=_sum(old) - ready_minor,
                proposed_minor=proposed_minor,
                other_minor=other_minor,
                allocations=ready,
                why_not=_why_not(partner, ready_minor + other_minor, rules.minimum_minor),
            )
        )
    return result


def _why_not(partner: Partner, eligible_minor: int, minimum_minor: int) -> str:
    if partner.status == Partner.Status.PAUSED:
        return "Payouts to this partner are paused."
    if partner.status == Partner.Status.CLOSED:
        return "The partner is closed; what it is owed stays on the books."
    if eligible_minor < 0:
        return "The account is in our favour; carried forward."
    if eligible_minor == 0:
        return "Nothing is ready yet."
    if eligible_minor < minimum_minor:
        return "Below the minimum; carried forward."
    return ""


def _unclaimed(currency: str) -> dict[int, list[Allocation]]:
    """Allocations that no live payout pays, by partner."""
    claims = PayoutItem.objects.filter(allocation=OuterRef("pk"), released_at__isnull=True)
    rows = (
        Allocation.objects.filter(~Exists(claims), currency=currency, amount_minor__gt=0)
        .select_related("agreement")
        .order_by("id")
    )
    by_partner: dict[int, list[Allocation]] = {}
    for row in rows:
        by_partner.setdefault(row.agreement.partner_id, []).append(row)
    return by_partner


def _partners(currency: str) -> QuerySet[Any]:
    """Every partner, with what stands in batches that were not sent: it is still in the payable account."""
    waiting = Q(payouts__state=PartnerPayout.State.PROPOSED, payouts__currency=currency)
    proposed_minor = Coalesce(Sum("payouts__amount_minor", filter=waiting), 0)
    return Partner.objects.annotate(proposed_minor=proposed_minor).order_by("name", "id")


def _sum(rows: Iterable[Allocation]) -> int:
    return sum(row.amount_minor for row in rows)
