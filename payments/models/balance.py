"""Stripe's own account of our money."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from payments.models.charges import Charge


class BalanceTransaction(models.Model):
    """A line of Stripe's own account of our money; each is one ledger entry (DESIGN.md section 1.6)."""

    bt_id = models.CharField(max_length=255, unique=True)
    charge = models.OneToOneField(
        Charge, null=True, blank=True, on_delete=models.PROTECT, related_name="balance_transaction"
    )
    entry = models.OneToOneField(
        "ledger.Entry",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Empty only when nothing moved: amount and fee are both zero.",
    )
    source_id = models.CharField(max_length=255, blank=True)
    type = models.CharField(max_length=40)
    category = models.CharField(max_length=40, help_text="Stripe's reporting category.")
    amount_minor = models.BigIntegerField()
    fee_minor = models.BigIntegerField()
    net_minor = models.GeneratedField(
        expression=F("amount_minor") - F("fee_minor"), output_field=models.BigIntegerField(), db_persist=True
    )
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField(help_text="Stripe's time.")
    available_at = models.DateTimeField(help_text="From when the money can be paid out; Stripe's time.")

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="balance_transaction_created")]
        constraints = [
            models.CheckConstraint(
                condition=Q(entry__isnull=False) | Q(amount_minor=0, fee_minor=0), name="balance_transaction_is_posted"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bt_id} {self.category}"
