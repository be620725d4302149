"""Documents: figures frozen when they are asked for, bytes made once, and the hash by which they are known."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import Q


class Document(models.Model):
    """One PDF of one subject and period.

    Its inputs never change and its file is made once (held by trigger); a newer document supersedes it.
    """

    class Kind(models.TextChoices):
        PARTNER_STATEMENT = "partner_statement", "Partner statement"

    class State(models.TextChoices):
        REQUESTED = "requested", "Asked for"
        RENDERING = "rendering", "Being made"
        READY = "ready", "Ready"
        FAILED = "failed", "Could not be made"

    kind = models.CharField(max_length=20, choices=Kind.choices)
    subject = models.CharField(max_length=80, help_text="Such as partner:1.")
    period = models.CharField(max_length=7, help_text="A month, such as 2026-10.")
    version = models.PositiveIntegerField(help_text="1 for the first document of this subject and period.")
    template_version = models.PositiveSmallIntegerField()
    as_of = models.DateField(help_text="The figures are those at the end of this day.")
    through_seq = models.IntegerField(help_text="They count the entries that are sealed up to here.")
    final = models.BooleanField(help_text="The period was closed when the figures were frozen: they cannot change.")
    inputs = models.JSONField(help_text="Every figure and word that the document shows.")
    inputs_hash = models.CharField(max_length=64, help_text="SHA-256 of the figures; each page prints its start.")
    state = models.CharField(max_length=9, choices=State.choices, default=State.REQUESTED)
    sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    storage_key = models.CharField(max_length=200, blank=True)
    size_bytes = models.PositiveIntegerField(default=0)
    pages = models.PositiveSmallIntegerField(default=0)
    supersedes = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="superseded_by"
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="documents_requested"
    )
    requested_at = models.DateTimeField()
    ready_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True, help_text="Since when anybody may read it.")
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="documents_published"
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(help_text="Wall time.")
    lease_until = models.DateTimeField(null=True, blank=True, help_text="Wall time.")
    last_error = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-period", "subject", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject", "period", "version"], name="document_version_once"),
            models.CheckConstraint(
                condition=Q(state="ready", ready_at__isnull=False) & ~Q(sha256="") & ~Q(storage_key="")
                | ~Q(state="ready") & Q(sha256="", storage_key=""),
                name="document_ready_only_with_its_bytes",
            ),
            models.CheckConstraint(
                condition=Q(published_at__isnull=True, published_by__isnull=True)
                | Q(state="ready", final=True, published_at__isnull=False, published_by__isnull=False),
                name="document_published_only_when_final",
            ),
            models.CheckConstraint(condition=Q(through_seq__gte=0), name="document_at_a_seal"),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=Q(state__in=["requested", "rendering"]), name="document_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.subject} {self.period} v{self.version}"

    @property
    def ref(self) -> str:
        """How a mail names the file that it waits for."""
        return f"document:{self.pk}"

    @property
    def short_hash(self) -> str:
        return self.sha256[:12]

    @property
    def figures_hash(self) -> str:
        """What the foot of each page prints."""
        return self.inputs_hash[:12]

    @property
    def partner_name(self) -> str:
        """The partner as the document names it."""
        return str(self.inputs["partner"])

    @property
    def file_name(self) -> str:
        return f"{self.inputs['partner_slug']}-{self.period}.pdf"

    @property
    def yyyymm(self) -> int:
        """The period as the ledger names its months."""
        return int(self.period.replace("-", ""))

    @property
    def first_day(self) -> date:
        return date.fromisoformat(f"{self.period}-01")
