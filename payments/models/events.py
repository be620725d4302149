"""Events received, and how often each object was looked at."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class StripeEvent(models.Model):
    """The inbox: a signed event, kept before anything is done with it (DESIGN.md section 3)."""

    class State(models.TextChoices):
        RECEIVED = "received"
        DONE = "done"
        IGNORED = "ignored"
        DEAD = "dead"

    event_id = models.CharField(max_length=255, unique=True)
    type = models.CharField(max_length=100)
    api_version = models.CharField(max_length=40, blank=True)
    livemode = models.BooleanField()
    account = models.CharField(max_length=255, blank=True, help_text="The connected account, when it is not ours.")
    object_id = models.CharField(max_length=255, blank=True)
    body = models.TextField()
    created_at = models.DateTimeField(help_text="Stripe's time.")
    received_at = models.DateTimeField(help_text="Wall time.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.RECEIVED)
    reason = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveIntegerField(default=0, help_text="Also the fencing token of the lease.")
    failures = models.PositiveSmallIntegerField(default=0, help_text="Attempts that failed for a reason of our own.")
    put_off = models.PositiveIntegerField(
        default=0,
        db_default=0,
        help_text="How often it was, since it came or was revived: the next wait grows with it.",
    )
    next_attempt_at = models.DateTimeField(help_text="Wall time.")
    lease_until = models.DateTimeField(null=True, blank=True, help_text="Wall time.")
    finished_at = models.DateTimeField(null=True, blank=True, help_text="Wall time.")
    cut_at = models.DateTimeField(null=True, blank=True, help_text="Wall time; from then on ids, amounts, a hash.")

    class Meta:
        verbose_name = "Stripe event"
        indexes = [
            models.Index(fields=["finished_at"], condition=Q(cut_at__isnull=True), name="stripe_event_uncut"),
            models.Index(fields=["next_attempt_at", "id"], condition=Q(state="received"), name="stripe_event_due"),
            models.Index(fields=["finished_at"], condition=Q(state="dead"), name="stripe_event_dead"),
            models.Index(fields=["object_id"], name="stripe_event_object"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="received", finished_at__isnull=True)
                | (~Q(state="received") & Q(finished_at__isnull=False)),
                name="stripe_event_finished_or_not",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["ignored", "dead"]) | ~Q(reason=""), name="stripe_event_says_why"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} {self.type} ({self.state})"


class ObjectVersion(models.Model):
    """How often a look at a Stripe object was applied: a look that began before the last one may be stale."""

    object_id = models.CharField(max_length=255, primary_key=True)
    version = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.object_id} v{self.version}"
