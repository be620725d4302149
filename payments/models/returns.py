"""Money that goes back: refunds that we or staff at Stripe made, and disputes that a payer's bank opened."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from payments.models.charges import Charge
from payments.readings import dispute_ref, refund_ref


class Refund(models.Model):
    """A refund as Stripe has it. What went back of which part is kept by whoever sold or was given to."""

    PENDING = ("pending", "requires_action")
    UNDONE = ("failed", "canceled")

    refund_id = models.CharField(max_length=255, unique=True)
    charge = models.ForeignKey(Charge, on_delete=models.PROTECT, related_name="refunds")
    status = models.CharField(max_length=20)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    request_ref = models.CharField(
        max_length=80, blank=True, help_text="Our own request, such as order_refund:7; empty: made at Stripe."
    )
    failure_reason = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField(help_text="Stripe's time.")
    taken_at = models.DateTimeField(null=True, blank=True, help_text="When it left our balance; Stripe's time.")
    returned_at = models.DateTimeField(null=True, blank=True, help_text="When it came back; Stripe's time.")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount_minor__gt=0), name="refund_amount_positive")]
        indexes = [
            models.Index(
                fields=["charge"], condition=Q(status__in=["pending", "requires_action"]), name="refund_pending"
            )
        ]

    def __str__(self) -> str:
        return f"{self.refund_id} ({self.status})"

    @property
    def ref(self) -> str:
        """The word by which other packages know it: "stripe:refund:re_1"."""
        return refund_ref(self.refund_id)


class Dispute(models.Model):
    """A dispute as Stripe has it. An inquiry moves nothing: what was withdrawn and reinstated tells, not its status."""

    OVER = ("won", "lost", "warning_closed", "prevented")

    dispute_id = models.CharField(max_length=255, unique=True)
    charge = models.ForeignKey(Charge, on_delete=models.PROTECT, related_name="disputes")
    status = models.CharField(max_length=40)
    reason = models.CharField(max_length=60, blank=True)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField(help_text="Stripe's time.")
    answer_by = models.DateTimeField(null=True, blank=True, help_text="Stripe's time.")
    withdrawn_minor = models.BigIntegerField(default=0)
    withdrawn_at = models.DateTimeField(null=True, blank=True, help_text="Stripe's time.")
    reinstated_minor = models.BigIntegerField(default=0)
    reinstated_at = models.DateTimeField(null=True, blank=True, help_text="Stripe's time.")
    lost_at = models.DateTimeField(null=True, blank=True, help_text="Stripe's time of the first event that told so.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(withdrawn_minor__gte=0, reinstated_minor__gte=0), name="dispute_signs"),
            models.CheckConstraint(
                condition=Q(withdrawn_minor=0, withdrawn_at__isnull=True)
                | Q(withdrawn_minor__gt=0, withdrawn_at__isnull=False),
                name="dispute_withdrawn_at_some_time",
            ),
            models.CheckConstraint(
                condition=Q(reinstated_minor=0, reinstated_at__isnull=True)
                | Q(reinstated_minor__gt=0, reinstated_at__isnull=False),
                name="dispute_reinstated_at_some_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["charge"],
                condition=~Q(status__in=["won", "lost", "warning_closed", "prevented"]),
                name="dispute_undecided",
            )
        ]

    def __str__(self) -> str:
        return f"{self.dispute_id} ({self.status})"

    @property
    def ref(self) -> str:
        """The word by which other packages know it: "stripe:dispute:dp_1"."""
        return dispute_ref(self.dispute_id)
