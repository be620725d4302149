"""One payout is taken out of a batch before it is sent; every earlier approval is void."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from partners.batch_content import current_hash
from partners.models import PartnerPayout, PayoutBatch, PayoutEvent
from partners.operations.refuse_batch import release
from people.models import Approval, User


class NotEditable(Exception):
    """The batch was sent or refused, or this is its last payout: then refuse the batch instead."""


@transaction.atomic
def take_out_payout(*, payout_id: int, by: User, now: datetime) -> PayoutBatch:
    """Release one payout of a proposed or approved batch; its shares can be proposed again.

    The batch waits for approval again, asked for by the person who edited it. Raises NotEditable.
    """
    batch = PayoutBatch.objects.select_for_update().get(payouts=payout_id)
    if batch.state not in (PayoutBatch.State.PROPOSED, PayoutBatch.State.APPROVED):
        raise NotEditable("This batch was sent or refused; its lines no longer change.")
    live = list(batch.payouts.filter(state=PartnerPayout.State.PROPOSED))
    payout = next((row for row in live if row.pk == payout_id), None)
    if payout is None:
        raise NotEditable("This payout was taken out before.")
    if len(live) == 1:
        raise NotEditable("This is the last payout of the batch: refuse the batch instead.")
    release([payout], now)
    ask_again(batch, payout, PayoutEvent.Word.TAKEN_OUT, by=by, now=now)
    return batch


def ask_again(batch: PayoutBatch, payout: PartnerPayout, word: PayoutEvent.Word, *, by: User, now: datetime) -> None:
    """Number the edit of a locked batch, so that no earlier approval fits it, and ask for a new one in `by`'s name.

    What became of which payout stays written down: `by` is never the one who approves this batch.
    """
    PayoutEvent.objects.create(batch=batch, payout=payout, word=word, by=by, at=now)
    batch.revision += 1
    batch.content_hash = current_hash(batch)
    batch.state = PayoutBatch.State.PROPOSED
    batch.save(update_fields=["revision", "content_hash", "state"])
    Approval.objects.update_or_create(
        subject=batch.approval_subject,
        decision=Approval.Decision.WAITING,
        defaults={"subject_hash": batch.content_hash, "requested_by": by, "requested_at": now},
    )
