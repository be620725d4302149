"""A payout batch waits for a second person: each partner's eligible sum, each cent attributed to its allocation."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from ledger.operations.seal_entries import seal_all
from partners.batch_content import current_hash
from partners.models import Partner, PartnerPayout, PayoutBatch, PayoutItem
from partners.queries.eligible import Eligible, eligible
from people.models import Approval, User
from people.queries import local_day


class NothingEligible(Exception):
    """No partner has a sum that can be paid now."""


class CutOffAhead(ValueError):
    """The cut-off day has not come yet."""


def propose_batch(*, by: User, as_of: date, currency: str, now: datetime) -> PayoutBatch:
    """Propose what is eligible at the cut-off, and ask for a second person's approval (DESIGN.md section 4 "Payable").

    The cut-off is the local day `as_of`, to which the refund window is measured, and the sequence number up to which
    the books are sealed when this is called; both stay on the batch. Not inside a transaction: the sealer has its own.
    Two proposals at once never claim the same share: the second sees the first.
    Raises CutOffAhead, NothingEligible, ContentMismatch; then nothing was proposed.
    """
    if as_of > local_day(now):
        raise CutOffAhead("The cut-off day lies in the future.")
    # 1. Only what is sealed is paid.
    through_seq = seal_all()
    return _propose(by=by, as_of=as_of, through_seq=through_seq, currency=currency, now=now)


@transaction.atomic
def _propose(*, by: User, as_of: date, through_seq: int, currency: str, now: datetime) -> PayoutBatch:
    # 2. One proposal at a time: the partners are what two proposals would share.
    list(Partner.objects.select_for_update().order_by("id").values_list("pk", flat=True))
    # 3. What can be paid.
    rows = eligible(as_of=as_of, through_seq=through_seq, currency=currency, now=now)
    payable = [row for row in rows if not row.why_not]
    if not payable:
        raise NothingEligible("No partner has a sum that can be paid now.")
    # 4. The batch, its payouts and their causes.
    batch = PayoutBatch.objects.create(
        currency=currency, as_of=as_of, through_seq=through_seq, proposed_by=by, proposed_at=now, content_hash=""
    )
    for row in payable:
        _add_payout(batch, row)
    # 5. The approval asked for signs exactly these lines.
    batch.content_hash = current_hash(batch)
    batch.save(update_fields=["content_hash"])
    Approval.objects.create(
        subject=batch.approval_subject, subject_hash=batch.content_hash, requested_by=by, requested_at=now
    )
    return batch


def _add_payout(batch: PayoutBatch, row: Eligible) -> PartnerPayout:
    assert row.place is not None, "who has none has a reason not to be paid"
    payout = PartnerPayout.objects.create(
        batch=batch,
        partner=row.partner,
        amount_minor=row.eligible_minor,
        currency=batch.currency,
        method=row.place.method,
        destination=row.place.label,
        paid_to_id=row.place.destination_id,
        reference=f"TP{batch.pk:05}N{row.partner.pk:03}",
    )
    items = [
        PayoutItem(payout=payout, allocation=allocation, amount_minor=allocation.net_minor)
        for allocation in row.allocations
        if allocation.net_minor
    ]
    if row.other_minor:
        items.append(PayoutItem(payout=payout, amount_minor=row.other_minor))
    PayoutItem.objects.bulk_create(items)
    return payout
