"""An approved batch is on its way: each payout leaves the partner's payable account for payout in flight."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from partners.batch_content import current_hash
from partners.models import Partner, PartnerPayout, PayoutBatch
from partners.operations.check_destinations import NotPayable
from partners.operations.start_attempts import PayableShrunk, start_attempts
from people.models import Approval, User

__all__ = ["NotApproved", "NotPayable", "PayableShrunk", "send_batch"]


class NotApproved(Exception):
    """The batch waits for approval, was refused or sent, or changed after it was approved."""


@transaction.atomic
def send_batch(*, batch_id: int, by: User, now: datetime) -> PayoutBatch:
    """Book phase 1 of each payout (rules/ledger.md E7); what carries it away comes after this is committed.

    Raises NotApproved, NotPayable, PayableShrunk; then nothing has changed.
    """
    # 1. Partners, then their batch: the order in which everybody locks them.
    partners = Partner.objects.filter(payouts__batch=batch_id).values("pk")
    list(Partner.objects.select_for_update().filter(pk__in=partners).order_by("id"))
    batch = PayoutBatch.objects.select_for_update().get(pk=batch_id)
    # 2. Approved, by a second person, in exactly this form.
    if batch.state != PayoutBatch.State.APPROVED or not _is_signed(batch):
        raise NotApproved("This batch is not approved in this form.")
    # 3. On the books, then on its way.
    payouts = (
        batch.payouts.select_for_update(of=("self",))
        .filter(state=PartnerPayout.State.PROPOSED)
        .select_related("partner", "paid_to")
    )
    start_attempts(list(payouts.order_by("id")), by=by, now=now)
    batch.state, batch.sent_by, batch.sent_at = PayoutBatch.State.SENT, by, now
    batch.save(update_fields=["state", "sent_by", "sent_at"])
    return batch


def _is_signed(batch: PayoutBatch) -> bool:
    return Approval.objects.filter(
        subject=batch.approval_subject, subject_hash=current_hash(batch), decision=Approval.Decision.APPROVED
    ).exists()
