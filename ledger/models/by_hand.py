"""What people write into the books themselves: manual entries and the opening."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from ledger.models.entries import Entry


class ManualEntry(models.Model):
    """An entry that people write: proposed by one, posted by another's approval of exactly this content.

    The reason in words and who decided lie in people's Approval, its documents in Attachment, both under `ref`.
    """

    reason = models.CharField(max_length=20, help_text="A fixed word: ledger.builders.by_hand.REASONS.")
    effective_on = models.DateField()
    currency = models.CharField(max_length=3)
    postings = models.JSONField(help_text="[[debit purpose, owner, credit purpose, owner, amount_minor], ...]")
    about = models.CharField(
        max_length=100, blank=True, db_default="", help_text="The charge or refund that it settles: stripe:charge:ch_1."
    )
    form_key = models.CharField(
        max_length=40, blank=True, db_default="", help_text="One per form that was sent; it proposes once."
    )
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    entry = models.OneToOneField(Entry, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name_plural = "manual entries"
        constraints = [
            models.UniqueConstraint(fields=["form_key"], condition=~Q(form_key=""), name="manual_entry_form_once"),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def ref(self) -> str:
        """What its entry's key, its approvals and its attachments name it by."""
        return f"manual:{self.pk}"


class ManualEntryEdit(models.Model):
    """Somebody wrote a version of a manual entry, the first or a later one; they never decide on it. Append-only."""

    manual_entry = models.ForeignKey(ManualEntry, on_delete=models.PROTECT, related_name="edits")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.manual_entry_id}: {self.by_id}"


class Opening(models.Model):
    """The balances with which the books begin: proposed by one, posted by another's approval of exactly these.

    `stands` is true while they wait or are in the books and empty once refused or taken back: so there is one at a
    time. Why, and who decided, lie in people's Approval, the file they were read from in Attachment, both under `ref`.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waits for approval"
        POSTED = "posted", "In the books"
        REFUSED = "refused", "Refused"
        REVERSED = "reversed", "Taken back"

    effective_on = models.DateField(help_text="The day before the books begin.")
    event_at = models.DateTimeField(help_text="The last second of that day.")
    balances = models.JSONField(help_text="[[purpose, owner, currency, debit-positive amount_minor], ...]")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    stands = models.BooleanField(null=True, default=True, unique=True)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "posted"], stands=True)
                | Q(state__in=["refused", "reversed"], stands__isnull=True),
                name="opening_stands_while_it_counts",
            )
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def ref(self) -> str:
        """What its entries' keys, its approval and its file name it by."""
        return f"opening:{self.pk}"

    @property
    def reversal_ref(self) -> str:
        """What the approval of taking it back names it by."""
        return f"opening:{self.pk}:reversal"
