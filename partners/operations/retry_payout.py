"""A payout that did not leave is tried again under a new key, or taken out for good."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from partners.models import PartnerPayout, PayoutAttempt, PayoutEvent, PayoutItem
from partners.operations.check_destinations import NotPayable
from partners.operations.lock_payout import lock_payout
from partners.operations.settle_payout import finish_batches
from partners.operations.start_attempts import PayableShrunk, start_attempts
from people.models import User

__all__ = ["NotFailed", "NotPayable", "PayableShrunk", "give_payout_up", "retry_payout"]


class NotFailed(Exception):
    """The payout is under way, has arrived or was taken out: there is nothing to try again."""


@transaction.atomic
def retry_payout(*, payout_id: int, by: User, now: datetime) -> PayoutAttempt:
    """Start a new attempt of what was approved: the same amount to the same destination, with a key of its own.

    Raises NotFailed, NotPayable (the partner is on hold or is paid elsewhere: take it out), PayableShrunk.
    """
    payout, _ = lock_payout(payout_id)
    if payout.state != PartnerPayout.State.FAILED:
        raise NotFailed("This payout does not wait for a new try.")
    return start_attempts([payout], by=by, now=now)[0]


@transaction.atomic
def give_payout_up(*, payout_id: int, by: User, now: datetime) -> PartnerPayout:
    """Take out a payout that did not leave: its shares can be proposed again. Raises NotFailed."""
    payout, _ = lock_payout(payout_id)
    if payout.state != PartnerPayout.State.FAILED:
        raise NotFailed("This payout does not wait for a decision.")
    PayoutItem.objects.filter(payout=payout, released_at__isnull=True).update(released_at=now)
    payout.state = PartnerPayout.State.RELEASED
    payout.save(update_fields=["state"])
    PayoutEvent.objects.create(batch=payout.batch, payout=payout, word=PayoutEvent.Word.GIVEN_UP, by=by, at=now)
    finish_batches([payout.batch_id], now)
    return payout
