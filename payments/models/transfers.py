"""Money sent on to connected accounts."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from payments.models.calls import StripeCall
from payments.readings import reversal_ref, transfer_ref


class Transfer(models.Model):
    """A transfer as Stripe has it. For whom it is, the package knows that asked for it."""

    transfer_id = models.CharField(max_length=255, unique=True)
    call = models.OneToOneField(
        StripeCall,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="transfer",
        help_text="Our own call that made it; empty: made at Stripe by somebody, so it stays in suspense.",
    )
    kind = models.CharField(max_length=20, blank=True)
    subject = models.CharField(max_length=80, blank=True)
    destination_id = models.CharField(max_length=255, help_text="The connected account.")
    group = models.CharField(max_length=255, blank=True)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField(help_text="Stripe's time.")
    bt_id = models.CharField(max_length=255, blank=True, help_text="Its balance transaction.")
    booked_at = models.DateTimeField(null=True, blank=True, help_text="When it left our balance; Stripe's time.")

    class Meta:
        indexes = [models.Index(fields=["subject"], name="transfer_subject")]
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="transfer_amount_positive"),
            models.CheckConstraint(
                condition=Q(call__isnull=True, kind="", subject="")
                | (Q(call__isnull=False) & ~Q(kind="") & ~Q(subject="")),
                name="transfer_of_ours_says_for_what",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.transfer_id} {self.subject}".strip()

    @property
    def ref(self) -> str:
        """The word by which other packages know it: "stripe:transfer:tr_1"."""
        return transfer_ref(self.transfer_id)


class TransferReversal(models.Model):
    """What was taken back of a transfer, all or part of it."""

    reversal_id = models.CharField(max_length=255, unique=True)
    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="reversals")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField(help_text="Stripe's time.")
    bt_id = models.CharField(max_length=255, blank=True, help_text="Its balance transaction.")
    booked_at = models.DateTimeField(null=True, blank=True, help_text="When it came back; Stripe's time.")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount_minor__gt=0), name="reversal_amount_positive")]

    def __str__(self) -> str:
        return self.reversal_id

    @property
    def ref(self) -> str:
        """The word by which other packages know it: "stripe:transfer_reversal:trr_1"."""
        return reversal_ref(self.reversal_id)
