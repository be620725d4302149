"""A payout batch is refused, with a reason; everything in it can be proposed again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from partners.models import PartnerPayout, PayoutBatch, PayoutItem
from partners.operations.approve_batch import decide, waiting
from people.models import Approval, User


class ReasonMissing(ValueError):
    """A refusal says why."""


@transaction.atomic
def refuse_batch(*, batch_id: int, by: User, reason: str, now: datetime) -> PayoutBatch:
    """Refuse a waiting batch. Raises ReasonMissing, NotWaiting, SamePerson."""
    if not reason.strip():
        raise ReasonMissing("Say why, so that the next proposal can be right.")
    batch, approval = waiting(batch_id, by)
    approval.reason = reason.strip()
    approval.save(update_fields=["reason"])
    decide(approval, Approval.Decision.REFUSED, by, now)
    release(list(batch.payouts.filter(state=PartnerPayout.State.PROPOSED)), now)
    batch.state = PayoutBatch.State.REFUSED
    batch.save(update_fields=["state"])
    return batch


def release(payouts: Sequence[PartnerPayout], now: datetime) -> None:
    """Let go of payouts that were not sent, so that their shares can be proposed again."""
    PayoutItem.objects.filter(payout__in=payouts, released_at__isnull=True).update(released_at=now)
    PartnerPayout.objects.filter(pk__in=[payout.pk for payout in payouts]).update(state=PartnerPayout.State.RELEASED)
