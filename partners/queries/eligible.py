"""What could be paid to each partner now, and what keeps the rest back (rules/ledger.md section 6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, JSONObject

from ledger import queries as books
from partners.bank.bank_days import after
from partners.models import (
    Allocation,
    Partner,
    PartnerPayout,
    PayoutAttempt,
    PayoutDestination,
    PayoutHold,
    PayoutItem,
    PayoutPolicy,
)
from partners.queries.net import with_net
from partners.queries.prenotes import prenotes
from payments.queries import funds_available_among
from people.queries import local_day


@dataclass(frozen=True, slots=True)
class Place:
    """Where a partner is paid: a destination in use, `since` when, and whether another one was in use before it."""

    destination_id: int
    method: str
    label: str
    since: datetime
    is_changed: bool
    asked_on: date | None = None

    def why_not(self, rules: PayoutPolicy, now: datetime) -> str:
        """A changed destination waits, so that a stranger's change can be noticed (rules/reliability.md row 78); one
        whose bank was asked by a prenote waits for the answer."""
        payable_at = self.since + timedelta(days=rules.destination_wait_days)
        if self.is_changed and now < payable_at:
            return f"Its destination is new: it is paid from {local_day(payable_at):%-d %B %Y} on."
        over_on = after(self.asked_on, rules.prenote_wait_days) if self.asked_on else None
        if over_on is not None and local_day(now) < over_on:
            return f"Its bank was asked by a prenote: it is paid from {over_on:%-d %B %Y} on."
        return ""


@dataclass(frozen=True, slots=True)
class Eligible:
    """One partner at a cut-off: payable = ready + too young + funds on the way + other entries + already claimed.

    Amounts are minor units. `allocations` are those that make up `ready_minor`, each with its `net_minor`;
    `other_minor` is what else stands on the partner's account, negative where it is in our favour. `why_not` is empty
    when `eligible_minor` can be paid, to `place`.
    """

    partner: Partner
    place: Place | None
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
    """Every partner with money on its account, by `rules` or the policy. Six queries, seven with `through_seq`.

    With `through_seq`, as a batch does: from what was sealed up to there (DESIGN.md section 4 "Payable"). Without it
    from all that is posted, as live pages show it. Not yet eligible: shares inside the refund window at the end of the
    cut-off day `as_of` (local), shares whose payment the processor has not made available at `now`, and what another
    payout claims. What was taken back counts whenever that was. A sum below the minimum or below zero is carried
    forward. A partner without a confirmed destination, with one that was changed a moment ago, or on hold is not paid.
    """
    rules = rules or policy()
    settled_until = as_of - timedelta(days=rules.refund_window_days)
    payable = books.balances_by_owner("payable", None, currency, through_seq=through_seq)
    unclaimed = _unclaimed(currency, through_seq)
    available = funds_available_among(
        {allocation.charge_ref for rows in unclaimed.values() for allocation in rows if allocation.charge_ref}, now
    )
    result = []
    for partner in _partners(currency, through_seq, local_day(now)):
        payable_minor = -payable.get(partner.owner, 0)
        rows = unclaimed.get(partner.pk, [])
        if not payable_minor and not rows:
            continue
        old = [row for row in rows if row.earned_on <= settled_until]
        # What tops up a minimum came with no payment whose funds could be on the way.
        ready = tuple(row for row in old if not row.charge_ref or row.charge_ref in available)
        claimed_minor = partner.claimed_minor
        ready_minor = _sum(ready)
        other_minor = payable_minor - _sum(rows) - claimed_minor
        place = _place(partner.place)
        result.append(
            Eligible(
                partner=partner,
                place=place,
                payable_minor=payable_minor,
                ready_minor=ready_minor,
                too_young_minor=_sum(rows) - _sum(old),
                funds_on_the_way_minor=_sum(old) - ready_minor,
                claimed_minor=claimed_minor,
                other_minor=other_minor,
                allocations=ready,
                why_not=_held(partner.hold_reason)
                or _why_not(partner, ready_minor + other_minor, rules.minimum_minor)
                or (place.why_not(rules, now) if place else "Nobody has confirmed where it is paid."),
            )
        )
    return result


def _place(said: dict[str, Any] | None) -> Place | None:
    if not said:
        return None
    asked_on = date.fromisoformat(said["asked_on"]) if said["asked_on"] else None
    return Place(**said | {"since": datetime.fromisoformat(said["since"]), "asked_on": asked_on})


def _held(reason: str | None) -> str:
    words = str(PayoutHold.Reason(reason).label) if reason else ""
    return f"On hold: {words[0].lower()}{words[1:]}." if words else ""


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
        with_net(Allocation.objects.filter(~Exists(claims), currency=currency, amount_minor__gt=0), through_seq)
        .select_related("agreement")
        .order_by("id")
    )
    if through_seq is not None:
        rows = rows.filter(entry__seal__seq__lte=through_seq)
    by_partner: dict[int, list[Any]] = {}
    for row in rows:
        by_partner.setdefault(row.agreement.partner_id, []).append(row)
    return by_partner


def _partners(currency: str, through_seq: int | None, today: date) -> QuerySet[Any]:
    """Every partner: what its payouts claim and the payable account still holds, where it is paid, why it is held."""
    live = PartnerPayout.objects.filter(currency=currency).exclude(state__in=PartnerPayout.LET_GO)
    claiming = Q(payouts__in=live.filter(~Exists(_out(through_seq))).values("pk"))
    claimed_minor = Coalesce(Sum("payouts__amount_minor", filter=claiming), 0)
    holds = PayoutHold.objects.filter(partner=OuterRef("pk"), lifted_at__isnull=True).order_by("id")
    hold_reason = Subquery(holds.values("reason")[:1])
    destinations = PayoutDestination.objects.filter(partner=OuterRef("pk"))
    replaced = PayoutDestination.objects.filter(partner=OuterRef("partner"), state="retired")
    asked = prenotes(today).filter(paid_to=OuterRef("pk"))
    said = JSONObject(
        destination_id="pk",
        method="method",
        label="label",
        since="activated_at",
        is_changed=Exists(replaced),
        asked_on=Subquery(asked.values("file__effective_on")[:1]),
    )
    place = Subquery(destinations.filter(state="active").values(said=said)[:1])
    partners = Partner.objects.annotate(claimed_minor=claimed_minor, hold_reason=hold_reason, place=place)
    return partners.order_by("name", "id")


def _out(through_seq: int | None) -> QuerySet[PayoutAttempt]:
    """The attempt by which a payout has left the payable account and not come back, as far as the cut-off knows.

    Asked of the books and not of the payout's state: between sealing and proposing somebody may have sent another
    batch, and its payouts would be proposed once more.
    """
    attempts = PayoutAttempt.objects.filter(payout=OuterRef("pk"))
    if through_seq is None:
        return attempts.filter(back_entry__isnull=True)
    back = Q(back_entry__seal__seq__lte=through_seq)
    return attempts.filter(~back | Q(back_entry__isnull=True), sent_entry__seal__seq__lte=through_seq)


def _sum(rows: Iterable[Any]) -> int:
    return sum(row.net_minor for row in rows)
