"""A payment is disputed, so the partners' shares of what is disputed are set aside: neither paid out nor taken back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from ledger import builders, splitting
from ledger.drafts import EntryDraft
from ledger.operations.post_entry import post_entries
from partners.models import Allocation, Hold
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
    allocations = shares.select_related("agreement__partner").prefetch_related("lines").order_by("id")
    holds = [
        Hold(allocation=allocation, cause=cause, reason=Hold.Reason.DISPUTE, amount_minor=amount)
        for allocation in allocations
        if (amount := _disputed_share(allocation, refunded_minor, disputed_minor))
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
