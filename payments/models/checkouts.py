"""Hosted payment pages."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class CheckoutSession(models.Model):
    """A hosted payment page of one subject; its address is kept only while it is open."""

    class State(models.TextChoices):
        OPEN = "open"
        COMPLETE = "complete"
        EXPIRED = "expired"

    class PaymentStatus(models.TextChoices):
        UNPAID = "unpaid"
        PAID = "paid"
        NO_PAYMENT_REQUIRED = "no_payment_required"

    session_id = models.CharField(max_length=255, unique=True)
    kind = models.CharField(max_length=20)
    subject = models.CharField(max_length=80)
    mode = models.CharField(max_length=12)
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    payment_status = models.CharField(max_length=20, choices=PaymentStatus.choices, default=PaymentStatus.UNPAID)
    failed = models.BooleanField(default=False, help_text="The awaited money will not come.")
    url = models.URLField(max_length=2000, blank=True)
    charge_id = models.CharField(max_length=255, blank=True)
    subscription_id = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(help_text="Stripe's time.")
    expires_at = models.DateTimeField(help_text="Stripe's time.")
    asked_at = models.DateTimeField(null=True, blank=True, help_text="Wall time of the sweep's last question.")

    class Meta:
        indexes = [
            models.Index(fields=["subject"], name="checkout_session_subject"),
            models.Index(fields=["expires_at"], condition=Q(state="open"), name="checkout_session_open"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state="open") | Q(url=""), name="checkout_session_url_while_open"),
        ]

    def __str__(self) -> str:
        return f"{self.session_id} {self.subject} ({self.state})"
