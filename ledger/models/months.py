"""Months, what happened to them, and what stands at their ends."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from ledger.models.accounts import Account


class Period(models.Model):
    """A calendar month of the organisation's zone. Posting into a month without a row is refused."""

    class State(models.TextChoices):
        OPEN = "open"
        SOFT_CLOSED = "soft_closed", "Soft closed: finance only"
        CLOSING = "closing"
        CLOSED = "closed"

    yyyymm = models.IntegerField(primary_key=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(yyyymm__gte=190001, yyyymm__lte=999912), name="period_year_and_month"),
            models.CheckConstraint(
                condition=Q(state__in=["open", "soft_closed", "closing", "closed"]), name="period_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.yyyymm // 100}-{self.yyyymm % 100:02}"


class PeriodEvent(models.Model):
    """What became of a month, and by whom; a `closed` one has its place in the chain. Append-only."""

    class Kind(models.TextChoices):
        SOFT_CLOSED = "soft_closed", "Softly closed"
        OPENED = "opened"
        CLOSING = "closing"
        CLOSED = "closed"
        REOPENED = "reopened"

    id = models.AutoField(primary_key=True)
    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    by = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    approved_by = models.ForeignKey("people.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    approval = models.ForeignKey("people.Approval", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    through_seq = models.IntegerField(null=True, blank=True, help_text="All that the month holds is sealed up to here.")
    closing_hash = models.BinaryField(null=True, blank=True, help_text="Of the seal at through_seq; zeros before any.")
    at = models.DateTimeField(help_text="Business time.")
    recorded_at = models.DateTimeField(db_default=Now(), help_text="Wall time.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(approved_by=F("by")), name="periodevent_by_a_second_person"),
            models.CheckConstraint(
                condition=Q(kind__in=["soft_closed", "opened"])
                | Q(kind__in=["closing", "closed", "reopened"], approved_by__isnull=False, approval__isnull=False),
                name="periodevent_approved",
            ),
            models.CheckConstraint(
                condition=Q(kind="closed", through_seq__gte=0, closing_hash__isnull=False)
                | (~Q(kind="closed") & Q(through_seq__isnull=True, closing_hash__isnull=True)),
                name="periodevent_closed_at_a_seal",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period_id}: {self.kind}"


class MonthWork(models.Model):
    """What a worker does for a month because it takes long: all its checks, or its closing. The row is the work."""

    class Kind(models.TextChoices):
        CHECK = "check", "Checked"
        CLOSE = "close", "Closed"

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        STOPPED = "stopped"

    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="work")
    kind = models.CharField(max_length=5, choices=Kind.choices)
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(help_text="Business time.")
    lease_until = models.DateTimeField(null=True, blank=True, help_text="Wall time.")
    finished_at = models.DateTimeField(null=True, blank=True, help_text="Business time.")
    found = models.JSONField(null=True, blank=True, help_text="Of each check: name, count and the first findings.")
    problem = models.CharField(max_length=300, blank=True, help_text="Why it stopped, in one sentence.")

    class Meta:
        verbose_name_plural = "month work"
        constraints = [
            models.UniqueConstraint(
                fields=["period"], condition=Q(state__in=["waiting", "running"]), name="monthwork_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "running"], finished_at__isnull=True)
                | Q(state__in=["done", "stopped"], finished_at__isnull=False),
                name="monthwork_finished",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period_id}: {self.kind} ({self.state})"


class BalanceSnapshot(models.Model):
    """All that an account ever moved, up to the end of a closed month. Append-only."""

    pk = models.CompositePrimaryKey("event_id", "account_id")
    event = models.ForeignKey(PeriodEvent, on_delete=models.PROTECT, related_name="snapshots", db_index=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    debits_minor = models.BigIntegerField()
    credits_minor = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.event_id}.{self.account_id}"
