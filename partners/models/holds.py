"""What becomes of a share later: set aside while its payment is disputed, taken back when money goes back."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from partners.models.allocations import Allocation, AllocationLine


class AllocationReversal(models.Model):
    """A part of a share taken back with money that went back; below zero when a refund failed. Append-only."""

    allocation = models.ForeignKey(Allocation, on_delete=models.PROTECT, related_name="reversals")
    cause = models.CharField(max_length=120, help_text="Such as stripe:refund:re_1.")
    amount_minor = models.BigIntegerField()
    was_held = models.BooleanField(default=False, help_text="It had been set aside for a dispute that was lost.")
    at = models.DateTimeField(help_text="When the money went back, by the processor's clock.")
    reversed_on = models.DateField(help_text="The day on which the ledger counts it.")
    entry = models.OneToOneField("ledger.Entry", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["reversed_on"], name="reversal_by_month")]
        constraints = [
            models.UniqueConstraint(fields=["allocation", "cause"], name="reversal_once_per_cause"),
            models.CheckConstraint(condition=~Q(amount_minor=0), name="reversal_takes_something"),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} of allocation {self.allocation_id}: {self.cause}"


class AllocationReversalLine(models.Model):
    """A reversal's part for one order line or gift; the parts sum to the reversal. Append-only."""

    reversal = models.ForeignKey(AllocationReversal, on_delete=models.PROTECT, related_name="lines")
    line = models.ForeignKey(AllocationLine, on_delete=models.PROTECT, related_name="reversals")
    amount_minor = models.BigIntegerField()
    refunded_minor = models.BigIntegerField(
        help_text="What had gone back of the line to date, of what was paid for it."
    )

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["reversal", "line"], name="reversal_line_once")]

    def __str__(self) -> str:
        return f"{self.amount_minor} of line {self.line_id}"


class Hold(models.Model):
    """A part of a share that cannot be paid out; while it is open it lies in the partner's held account."""

    class Reason(models.TextChoices):
        DISPUTE = "dispute", "The payment is disputed"
        RESERVE = "reserve", "Rolling reserve"
        MANUAL = "manual", "Held by hand"

    allocation = models.ForeignKey(Allocation, on_delete=models.PROTECT, related_name="holds")
    cause = models.CharField(max_length=120, help_text="Such as stripe:dispute:dp_1.")
    reason = models.CharField(max_length=7, choices=Reason.choices)
    amount_minor = models.BigIntegerField()
    placed_on = models.DateField(help_text="The day on which the ledger counts it.")
    placed_entry = models.OneToOneField("ledger.Entry", on_delete=models.PROTECT, related_name="+")
    ended_on = models.DateField(null=True, blank=True, help_text="Released, or taken back with a lost dispute.")
    released_entry = models.OneToOneField(
        "ledger.Entry",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Empty while it is open, and where a lost dispute took all of it.",
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["allocation", "cause"], name="hold_once_per_share_and_cause"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="hold_of_something"),
            models.CheckConstraint(
                condition=Q(released_entry__isnull=True) | Q(ended_on__isnull=False), name="hold_released_when_ended"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} of allocation {self.allocation_id}: {self.cause}"

    @property
    def ref(self) -> str:
        """What its entries are named after: "allocation:order:7:stripe:charge:ch_1:3:hold:stripe:dispute:dp_1"."""
        return f"{self.allocation.ref}:hold:{self.cause}"
