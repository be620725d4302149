"""Calls that change something at Stripe."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

UNFINISHED_CALLS = ("intended", "sent", "unknown")


def refund_key(request_ref: str) -> str:
    """The idempotency key of the refund that a request ("order_refund:7") asks for."""
    return f"refund:{request_ref}"


class StripeCall(models.Model):
    """A call that changes something at Stripe: intended and committed first, then sent (DESIGN.md section 1.8)."""

    class State(models.TextChoices):
        INTENDED = "intended"
        SENT = "sent"
        DONE = "done"
        UNKNOWN = "unknown"
        FAILED = "failed"

    class Purpose(models.TextChoices):
        OPEN_CHECKOUT = "open_checkout"
        EXPIRE_CHECKOUT = "expire_checkout"
        CANCEL_SUBSCRIPTION = "cancel_subscription"
        MARK_SUBSCRIPTION = "mark_subscription"
        REFUND = "refund"
        TRANSFER = "transfer"
        MAKE_ACCOUNT = "make_account"
        LINK_ACCOUNT = "link_account"

    purpose = models.CharField(max_length=40, choices=Purpose.choices)
    subject = models.CharField(max_length=80)
    target = models.CharField(max_length=255, blank=True, help_text="The Stripe object that is changed, if it exists.")
    idempotency_key = models.CharField(max_length=255, unique=True)
    params = models.JSONField(default=dict)
    params_hash = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=State.choices, default=State.INTENDED)
    result_id = models.CharField(max_length=255, blank=True)
    error = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    intended_at = models.DateTimeField(help_text="Stripe's time: how old the idempotency key is.")
    next_attempt_at = models.DateTimeField(help_text="Wall time; when the sweep may take it up.")
    finished_at = models.DateTimeField(null=True, blank=True, help_text="Wall time.")
    cut_at = models.DateTimeField(null=True, blank=True, help_text="Wall time; from then on ids, amounts, a hash.")

    class Meta:
        verbose_name = "Stripe call"
        indexes = [
            models.Index(fields=["finished_at"], condition=Q(cut_at__isnull=True), name="stripe_call_uncut"),
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(state__in=UNFINISHED_CALLS),
                name="stripe_call_due",
            ),
            models.Index(fields=["subject"], name="stripe_call_subject"),
            models.Index(
                fields=["purpose", "result_id"],
                condition=Q(state="done", purpose__in=["refund", "transfer"]),
                name="stripe_call_moved_money",
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(state="done") | ~Q(result_id=""), name="stripe_call_done_has_a_result"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.subject} ({self.state})"
