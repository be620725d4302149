"""A payment is disputed, so the partners' shares of what is disputed are set aside: neither paid out nor taken back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db.models import Sum

from ledger import builders, splitting
from ledger.drafts import EntryDraft
from ledger.operations.post_entry import post_entries
from partners.capping import lock_totals, places_of, standing_if
from partners.models import Allocation, Hold
from partners.models.allocations import ACCRUAL
from partners.taking_back import left_of
from partners.waiting import note_dispute
from people.queries import local_day


def hold_shares(
    *,
    source: str,
    charge_ref: str,
    cause: str,
    refunded_minor: Mapping[str, int],
    disputed_minor: Mapping[str, int],
    at: datetime,
    now: datetime,
    only: Collection[int] | None = None,
) -> list[Hold]:
    """Set aside what losing the dispute `cause` would take back of each share (rules/ledger.md E6a, "Partial").

    By line ("order_line:7"): what went back of it before, other disputes included, and what is disputed now, measured
    as in `reverse_shares`. A share that was paid out already is set aside all the same: the partner's account goes
    below zero until the dispute is won. Inside the caller's transaction, under the payment's lock; a cause that is
    known gives back the first call's rows. `only` some agreements' shares: those that waited for their card fee when
    the cause was told. Raises ValueError, and what `post_entries` raises.
    """
    if only is None:
        note_dispute(
            source=source,
            charge_ref=charge_ref,
            cause=cause,
            refunded_minor=refunded_minor,
            disputed_minor=disputed_minor,
            at=at,
        )
    shares = Allocation.objects.filter(source=source, charge_ref=charge_ref)
    if only is not None:
        shares = shares.filter(agreement__in=only)
    if known := list(Hold.objects.filter(allocation__in=shares, cause=cause)):
        return known
    allocations = list(shares.select_related("agreement__partner").prefetch_related("lines__reversals").order_by("id"))
    amounts = [
        (allocation, _disputed_share(allocation, refunded_minor, disputed_minor))
        for allocation in allocations
        if not allocation.agreement.cap_minor
    ]
    amounts += _under_caps(allocations, refunded_minor, disputed_minor)
    holds = [
        Hold(allocation=allocation, cause=cause, reason=Hold.Reason.DISPUTE, amount_minor=amount)
        for allocation, amount in amounts
        if amount
    ]
    for hold, posted in zip(holds, post_entries([_draft(hold, at) for hold in holds], now=now), strict=True):
        hold.placed_on, hold.placed_entry_id = posted.effective_on, posted.entry_id
    return Hold.objects.bulk_create(holds)


def _disputed_share(
    allocation: Allocation, refunded_minor: Mapping[str, int], disputed_minor: Mapping[str, int]
) -> int:
    return sum(
        splitting.disputed_share(
            line.amount_minor,
            refunded_minor.get(line.line_ref, 0),
            disputed_minor.get(line.line_ref, 0),
            line.paid_minor,
        )
        for line in allocation.lines.all()
        if line.paid_minor
    )


def _under_caps(
    allocations: Sequence[Allocation], refunded_minor: Mapping[str, int], disputed_minor: Mapping[str, int]
) -> list[tuple[Allocation, int]]:
    """What losing the dispute would take of shares under a cap, off the latest parts of each first."""
    own = {share.agreement_id: share for share in allocations if share.agreement.cap_minor and share.cause == ACCRUAL}
    totals = lock_totals((share.agreement, share.bound_on) for share in own.values())
    if not own:
        return []
    first = allocations[0]
    amounts = []
    for place in places_of(first.source, first.charge_ref, own):
        share = own[place.agreement_id]
        paid = {line.line_ref: line.paid_minor for line in share.lines.all()}
        after = {
            ref: min(refunded_minor.get(ref, 0) + disputed_minor.get(ref, 0), paid_minor)
            for ref, paid_minor in paid.items()
        }
        total = totals[place.agreement_id]
        amount = standing_if(place, total, share, refunded_minor) - standing_if(place, total, share, after)
        held = Hold.objects.filter(allocation__in=allocations, ended_on__isnull=True)
        open_holds = dict(held.order_by().values_list("allocation").annotate(Sum("amount_minor")))
        for part in reversed([one for one in allocations if one.agreement_id == place.agreement_id]):
            left = sum(left_of(line) for line in part.lines.all()) - open_holds.get(part.pk, 0)
            taken = max(min(amount, left), 0)
            amounts.append((part, taken))
            amount -= taken
    return amounts


def _draft(hold: Hold, at: datetime) -> EntryDraft:
    allocation = hold.allocation
    return builders.hold(
        hold_ref=hold.ref,
        source=allocation.source,
        event_at=at,
        effective_on=local_day(at),
        currency=allocation.currency,
        partner=allocation.agreement.partner.owner,
        amount_minor=hold.amount_minor,
        reason="dispute",
    )
