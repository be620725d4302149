"""Shares whose basis is only known with the card fee: kept as they were paid until the processor tells it."""

from __future__ import annotations

from django.db import models


class WaitingShare(models.Model):
    """One payment's lines under agreements net of fees, and what became of the money meanwhile.

    Once the fee is known it is accrued, and taken back to date in the same step (DESIGN.md section 4 "Reversal").
    """

    source = models.CharField(max_length=60, help_text="What was paid, such as order:1042.")
    charge_ref = models.CharField(max_length=120)
    currency = models.CharField(max_length=3)
    lines = models.JSONField(help_text="Of `partners.sharing.ShareLine`, with their agreements net of fees.")
    other_parts_minor = models.JSONField(help_text="What else the charge paid for; the fee is spread over all.")
    bound_at = models.DateTimeField(help_text="When the promise bound.")
    earned_at = models.DateTimeField(help_text="When it was paid, by the processor's clock.")
    refunded_minor = models.JSONField(default=dict, help_text="What went back to date, by line.")
    refund_cause = models.CharField(max_length=120, blank=True)
    refund_at = models.DateTimeField(null=True)
    disputes = models.JSONField(default=dict, help_text="Open ones: {cause: what hold_shares was told}.")
    accrued_at = models.DateTimeField(null=True, help_text="When the fee was known; empty while it waits.")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["source", "charge_ref"], name="waiting_share_once")]
        indexes = [
            models.Index(fields=["earned_at"], condition=models.Q(accrued_at__isnull=True), name="waiting_share_open")
        ]

    def __str__(self) -> str:
        return f"{self.source}, {self.charge_ref}"
