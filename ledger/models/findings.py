"""What does not fit: exceptions with owner and age, and the runs of the books' checks."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from ledger.discrepancies import KINDS, Discrepancy, title_of
from ledger.models.entries import Entry


class ReconciliationException(models.Model):
    """Something that does not add up: open until its cause is gone or a person has settled it.

    At most one is open for each kind and subject. `detail` holds ids and fixed words only.
    """

    class Resolution(models.TextChoices):
        GONE = "gone", "The cause is gone"
        EXPLAINED = "explained", "Explained, nothing to post"
        CORRECTED = "corrected", "Corrected by an entry"
        WRITTEN_OFF = "written_off", "Written off by an entry"

    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=200, help_text="What it is about, such as stripe:bt:txn_1.")
    currency = models.CharField(max_length=3, blank=True)
    amount_minor = models.BigIntegerField(null=True, blank=True)
    detail = models.CharField(max_length=200, blank=True)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="Older than this it is overdue.")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    resolution = models.CharField(max_length=12, choices=Resolution.choices, blank=True)
    resolution_entry = models.ForeignKey(Entry, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=Q(resolved_at__isnull=True), name="exception_due"),
            models.Index(fields=["kind", "subject"], name="exception_subject"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"], condition=Q(resolved_at__isnull=True), name="exception_open_once"
            ),
            models.CheckConstraint(
                condition=Q(resolved_at__isnull=True, resolution="", resolution_entry=None, resolved_by=None)
                | (Q(resolved_at__isnull=False) & ~Q(resolution="")),
                name="exception_says_how_it_ended",
            ),
            models.CheckConstraint(
                condition=Q(resolution__in=["", "gone"]) | Q(resolved_by__isnull=False),
                name="exception_settled_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(resolution__in=["corrected", "written_off"]) | Q(resolution_entry__isnull=False),
                name="exception_corrected_by_an_entry",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"

    @property
    def words(self) -> str:
        """Its kind as a person says it."""
        return title_of(self.kind)

    @property
    def meaning(self) -> Discrepancy | None:
        """What its kind says happened and what to do; None for a kind that no package names any more."""
        return KINDS.get(self.kind)


class ExceptionEvent(models.Model):
    """What somebody did about an exception. Append-only; the words of a reason lie in people's Note."""

    class Kind(models.TextChoices):
        ASSIGNED = "assigned"
        LET_GO = "let_go", "Let go"
        RESOLVED = "resolved"

    exception = models.ForeignKey(ReconciliationException, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    note = models.OneToOneField("people.Note", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="assigned", owner__isnull=False)
                | Q(kind="let_go", owner__isnull=True)
                | Q(kind="resolved", owner__isnull=True, note__isnull=False),
                name="exceptionevent_says_enough",
            )
        ]

    def __str__(self) -> str:
        return f"{self.exception_id}: {self.kind}"


class BooksRun(models.Model):
    """What the books' own checks found on a day; once a day, each night by beat. Append-only."""

    checked_on = models.DateField(primary_key=True, help_text="The organisation's day.")
    checks = models.IntegerField()
    failed = models.IntegerField()
    found = models.JSONField(help_text="The checks that failed: code, name, count and the first findings.")
    recorded_at = models.DateTimeField(db_default=Now(), help_text="Wall time.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(failed__gte=0, checks__gte=F("failed")), name="booksrun_sums")
        ]

    def __str__(self) -> str:
        return f"{self.checked_on}: {self.failed} of {self.checks} failed"
