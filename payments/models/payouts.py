"""Money on its way to our bank."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class StripePayout(models.Model):
    """One payout as Stripe has it; below zero it debits our bank. It posts nothing: its balance transactions do."""

    class Status(models.TextChoices):
        PENDING = "pending"
        IN_TRANSIT = "in_transit"
        PAID = "paid"
        FAILED = "failed"
        CANCELED = "canceled"

    class Reconciliation(models.TextChoices):
        NOT_APPLICABLE = "not_applicable"
        IN_PROGRESS = "in_progress"
        COMPLETED = "completed"

    payout_id = models.CharField(max_length=255, unique=True)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=12, choices=Status.choices, help_text="Also a paid one may fail, days later.")
    method = models.CharField(max_length=20)
    automatic = models.BooleanField()
    reconciliation_status = models.CharField(max_length=16, choices=Reconciliation.choices)
    created_at = models.DateTimeField(help_text="Stripe's time.")
    arrival_on = models.DateField()
    trace_id = models.CharField(max_length=255, blank=True, help_text="How our bank's statement may call it.")
    bt_id = models.CharField(max_length=255, blank=True, help_text="Its balance transaction.")
    failure_bt_id = models.CharField(max_length=255, blank=True, help_text="The one that brought the money back.")
    failure_code = models.CharField(max_length=60, blank=True)
    original_payout_id = models.CharField(max_length=255, blank=True, help_text="The payout that this one takes back.")
    reversed_by_id = models.CharField(max_length=255, blank=True, help_text="The payout that took this one back.")
    asked_at = models.DateTimeField(null=True, blank=True, help_text="Wall time of the sync's last question.")

    class Meta:
        verbose_name = "Stripe payout"
        indexes = [
            models.Index(fields=["arrival_on"], name="stripe_payout_arrival"),
            models.Index(
                fields=["payout_id"],
                condition=Q(status__in=["pending", "in_transit"]) | Q(reconciliation_status="in_progress"),
                name="stripe_payout_unfinished",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payout_id} ({self.status})"

    @property
    def ref(self) -> str:
        """The word by which other packages know it: "stripe:payout:po_1"."""
        return f"stripe:payout:{self.payout_id}"
