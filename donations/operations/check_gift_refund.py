"""Staff have looked at refunds of a gift that were not made here, or that came back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from donations.models import Gift, GiftRefund
from people.models import User
from people.operations.note_change import note_change

State = GiftRefund.State


@transaction.atomic
def check_gift_refund(*, gift_id: int, by: User, now: datetime) -> int:
    """Take this gift's refunds off the desk that wait to be looked at. Returns how many waited."""
    waiting = GiftRefund.objects.filter(gift_id=gift_id, checked_at=None, state__in=[State.MADE, State.FAILED])
    number = waiting.update(checked_at=now)
    if number:
        note_change(row=Gift.objects.get(pk=gift_id), fields=["refunds looked at"], by=by, is_new=False)
    return number
