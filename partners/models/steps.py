"""What people did to payouts: who changed a batch before it was sent, and who ended what after that."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from partners.models.payouts import PartnerPayout, PayoutBatch


class PayoutEvent(models.Model):
    """One person did this to one payout of a batch, or without a payout to all of it. Append-only.

    Whoever edited a batch, however often others did so after, never approves it; the database holds it too.
    """

    class Word(models.TextChoices):
        TAKEN_OUT = "taken_out", "taken out of the batch"
        HELD = "held", "its partner was put on hold"
        MOVED = "moved", "its partner is to be paid elsewhere"
        TAKEN_BACK = "taken_back", "the batch was taken back"
        NOT_SENT = "not_sent", "said that it did not leave"
        VOIDED = "voided", "the cheque was voided"
        STALE = "stale", "the cheque is stale"
        GIVEN_UP = "given_up", "taken out for good"

    EDITS = (Word.TAKEN_OUT, Word.HELD, Word.MOVED)

    batch = models.ForeignKey(PayoutBatch, on_delete=models.PROTECT, related_name="events")
    payout = models.ForeignKey(PartnerPayout, null=True, on_delete=models.PROTECT, related_name="events")
    word = models.CharField(max_length=10, choices=Word.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.payout_id}: {self.word}"
