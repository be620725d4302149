"""What could be paid to each partner now, and what keeps the rest back (rules/ledger.md section 6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Sum, Value
from django.db.models.functions import Cast, Coalesce, Concat

from ledger import queries as books
from ledger.models import Entry
from partners.models import Allocation, Partner, PartnerPayout, PayoutItem, PayoutPolicy
from partners.queries.net import with_net
from payments.queries import funds_available_among


@dataclass(frozen=True, slots=True)
class Eligible:
    """One partner at a cut-off: payable = ready + too young + funds on the way + other entries + already claimed.

    Amounts are minor units. `allocations` are those that make up `ready_minor`, each with its `net_minor`;
    `other_minor` is what else stands on the partner's account, negative where it is in our favour. `why_not` is empty
    when `eligible_minor` can be paid.
    """

    partner: Partner
    payable_minor: int
    ready_minor: int
    too_young_minor: int
    funds_on_the_way_minor: int
    claimed_minor: int
    other_minor: int
    allocations: tuple[Any, ...]
    why_not: str

    @property
    def eligible_minor(self) -> int:
        return self.ready_minor + self.other_minor


def policy() -> PayoutPolicy:
    """The organisation's payout settings, or their defaults."""
    return PayoutPolicy.objects.filter(pk=1).first() or PayoutPolicy()


def eligible(
    *,
    as_of: date,
    currency: str,
    now: datetime,
    through_seq: int | None = None,
    rules: PayoutPolicy | None = None,
) -> list[Eligible]:
    """Every partner with money on its account, by `rules` or the policy. Five queries, six with `through_seq`.

    With `through_seq`, as a batch does: from what was sealed up to there (DESIGN.md section 4 "Payable"). Without it
    from all that is posted, as live pages show it. Not yet eligible: shares inside the refund window at the end of the
    cut-off day `as_of` (local), shares whose payment the processor has not made available at `now`, and what another
    payout claims. What was taken back counts whenever that was. A sum below the minimum or below zero is carried
    forward.
    """
    rules = rules or policy()
    settled_until = as_of - timedelta(days=rules.refund_window_days)
    payable = books.balances_by_owner("payable", None, currency, through_seq=through_seq)
    unclaimed = _unclaimed(currency, through_seq)
    available = funds_available_among(
        {allocation.charge_ref for rows in unclaimed.values() for allocation in rows}, now
    )
    result = []
    for partner in _partners(currency, through_seq):
        payable_minor = -payable.get(partner.owner, 0)
        rows = unclaimed.get(partner.pk, [])
        if not payable_minor and not rows:
            continue
        old = [row for row in rows if row.earned_on <= settled_until]
        ready = tuple(row for row in old if row.charge_ref in available)
        claimed_minor = partner.claimed_minor
        ready_minor = _sum(ready)
        other_minor = payable_minor - _sum(rows) - claimed_minor
        result.append(
            Eligible(
                partner=partner,
                payable_minor=payable_minor,
                ready_minor=ready_minor,
                too_young_minor=_sum(rows) - _sum(old),
                funds_on_the_way_minor=_sum(old) - ready_minor,
                claimed_minor=claimed_minor,
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


def _unclaimed(currency: str, through_seq: int | None) -> dict[int, list[Any]]:
    """Allocations in the books that no live payout pays, by partner, net of what was taken back and of what is held."""
    claims = PayoutItem.objects.filter(allocation=OuterRef("pk"), released_at__isnull=True)
    rows = (
        with_net(Allocation.objects.filter(~Exists(claims), currency=currency, amount_minor__gt=0))
        .select_related("agreement")
        .order_by("id")
    )
    if through_seq is not None:
        rows = rows.filter(entry__seal__seq__lte=through_seq)
    by_partner: dict[int, list[Any]] = {}
    for row in rows:
        by_partner.setdefault(row.agreement.partner_id, []).append(row)
    return by_partner


def _partners(currency: str, through_seq: int | None) -> QuerySet[Any]:
    """Every partner, with what its payouts claim and the payable account at the cut-off still holds."""
    live = PartnerPayout.objects.filter(currency=currency).exclude(state=PartnerPayout.State.RELEASED)
    claiming = Q(payouts__in=live.filter(~Exists(_sent(through_seq))).values("pk"))
    claimed_minor = Coalesce(Sum("payouts__amount_minor", filter=claiming), 0)
    return Partner.objects.annotate(claimed_minor=claimed_minor).order_by("name", "id")


def _sent(through_seq: int | None) -> QuerySet[Entry]:
    """The entry by which a payout left the payable account (builders.payout_sent), if the cut-off has it.

    Asked of the books and not of the payout's state: between sealing and proposing somebody may have sent another
    batch, and its payouts would be proposed once more.
    """
    key = Concat(Value("payout:"), Cast(OuterRef("pk"), CharField()), Value(":sent:1"))
    sent = Entry.objects.filter(idempotency_key=key)
    return sent if through_seq is None else sent.filter(seal__seq__lte=through_seq)


def _sum(rows: Iterable[Any]) -> int:
    return sum(row.net_minor for row in rows)
