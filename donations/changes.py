"""The changes that gifts' rows tell: refunds that staff asked for."""

from __future__ import annotations

from typing import Final

from django.db.models import F, Value
from django.db.models.functions import Concat

from donations.models import GiftRefund
from people.history import Change

CHANGES: Final = (
    Change(
        "Refunds",
        lambda: GiftRefund.objects.filter(asked_by__isnull=False),
        F("asked_at"),
        F("asked_by"),
        Concat(Value("gift:"), "gift_id"),
        Value("refund asked for"),
    ),
)
