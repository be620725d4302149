"""A payout went another way: who sent it says why so, and attaches what proves it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from partners.models import Method, PartnerPayout, PayoutAttempt
from partners.operations.check_destinations import NOT_SENT, NotPayable, check_destinations
from partners.operations.lock_payout import alive, lock_payout
from partners.operations.send_transfers import mark
from partners.operations.tell_partner import tell_of_payout
from people.models import User
from people.operations.attach_file import NotAttachable, attach_file

__all__ = ["NotAttachable", "NotByHand", "NotPayable", "ReasonMissing", "confirm_sent_by_hand"]


class NotByHand(Exception):
    """The payout does not wait to be sent another way."""


class ReasonMissing(ValueError):
    """Why it went that way is not said."""


@transaction.atomic
def confirm_sent_by_hand(
    *, payout_id: int, reason: str, name: str, content: bytes, by: User, now: datetime
) -> PartnerPayout:
    """Keep reason and proof beside the payout, where they can be erased; it is on its way.

    Raises NotByHand, ReasonMissing, NotPayable, NotAttachable; then nothing has changed.
    """
    if not reason.strip():
        raise ReasonMissing("Say why it went this way.")
    payout, attempts = lock_payout(payout_id)
    attempt = alive(attempts)
    if attempt is None or attempt.method != Method.MANUAL or attempt.state != PayoutAttempt.State.SUBMITTING:
        raise NotByHand("This payout does not wait to be sent another way.")
    check_destinations([payout], NOT_SENT)
    attach_file(subject=attempt.key, name=name, content=content, by=by, now=now)
    attach_file(subject=attempt.key, name="why.txt", content=reason.strip().encode(), by=by, now=now)
    mark(payout, attempt, PayoutAttempt.State.IN_FLIGHT, f"manual:{attempt.key}")
    tell_of_payout(payout, attempt.number, now)
    return payout
