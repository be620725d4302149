"""A payout batch that was not sent is refused, with a reason; everything in it can be proposed again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from partners.models import PartnerPayout, PayoutBatch, PayoutEvent, PayoutItem
from partners.operations.approve_batch import decide, waiting
from people.models import Approval, User


class ReasonMissing(ValueError):
    """A refusal says why."""


@transaction.atomic
def refuse_batch(*, batch_id: int, by: User, reason: str, now: datetime) -> PayoutBatch:
    """Refuse a waiting batch, or take an approved one back. Raises ReasonMissing, NotWaiting.

    Whoever proposed or changed it may take it back so too: nothing is paid by it, and where two people do all the work
    a batch that both have touched would otherwise hold its shares for ever. So would an approved one that cannot be
    sent any more, because a refund took of its only payout.
    """
    if not reason.strip():
        raise ReasonMissing("Say why, so that the next proposal can be right.")
    _open_again(batch_id, by, now)
    batch, approval = waiting(batch_id)
    approval.reason = reason.strip()
    if approval.requested_by_id == by.pk:
        # Nobody decides on their own question: it is void, and who took it back stands beside it.
        approval.decision, approval.decided_at = Approval.Decision.VOID, now
        approval.save(update_fields=["reason", "decision", "decided_at"])
        PayoutEvent.objects.create(batch=batch, word=PayoutEvent.Word.TAKEN_BACK, by=by, at=now)
    else:
        approval.save(update_fields=["reason"])
        decide(approval, Approval.Decision.REFUSED, by, now)
    release(list(batch.payouts.filter(state=PartnerPayout.State.PROPOSED)), now)
    batch.state = PayoutBatch.State.REFUSED
    batch.save(update_fields=["state"])
    return batch


def _open_again(batch_id: int, by: User, now: datetime) -> None:
    """An approved batch waits again, asked by whoever takes it back; the approval stays on record beside it."""
    batch = PayoutBatch.objects.select_for_update().get(pk=batch_id)
    if batch.state != PayoutBatch.State.APPROVED:
        return
    batch.state = PayoutBatch.State.PROPOSED
    batch.save(update_fields=["state"])
    Approval.objects.create(
        subject=batch.approval_subject, subject_hash=batch.content_hash, requested_by=by, requested_at=now
    )


def release(payouts: Sequence[PartnerPayout], now: datetime) -> None:
    """Let go of payouts that were not sent, so that their shares can be proposed again."""
    PayoutItem.objects.filter(payout__in=payouts, released_at__isnull=True).update(released_at=now)
    PartnerPayout.objects.filter(pk__in=[payout.pk for payout in payouts]).update(state=PartnerPayout.State.RELEASED)
