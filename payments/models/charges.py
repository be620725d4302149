"""Money taken."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from payments.readings import charge_ref


class Charge(models.Model):
    """One taking of money, with the payment method as it was then."""

    charge_id = models.CharField(max_length=255, unique=True)
    status = models.CharField(max_length=12)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField(help_text="Stripe's time.")
    kind = models.CharField(max_length=20, blank=True)
    subject = models.CharField(max_length=80, blank=True)
    payment_intent_id = models.CharField(max_length=255, blank=True)
    customer_id = models.CharField(max_length=255, blank=True)
    method = models.CharField(max_length=40, blank=True)
    brand = models.CharField(max_length=40, blank=True)
    last4 = models.CharField(max_length=4, blank=True)
    exp_month = models.PositiveSmallIntegerField(null=True, blank=True)
    exp_year = models.PositiveSmallIntegerField(null=True, blank=True)
    decline_code = models.CharField(max_length=60, blank=True)
    seen_at = models.DateTimeField(help_text="Wall time when we first heard of it.")
    asked_at = models.DateTimeField(null=True, blank=True, help_text="Wall time of the sweep's last question.")

    class Meta:
        indexes = [models.Index(fields=["subject"], name="charge_subject")]
        constraints = [models.CheckConstraint(condition=Q(amount_minor__gt=0), name="charge_amount_positive")]

    def __str__(self) -> str:
        return f"{self.charge_id} ({self.status})"

    @property
    def is_settled(self) -> bool:
        """Whether the processor has booked it."""
        return hasattr(self, "balance_transaction")

    @property
    def ref(self) -> str:
        """The word by which other packages know it: "stripe:charge:ch_1"."""
        return charge_ref(self.charge_id)
