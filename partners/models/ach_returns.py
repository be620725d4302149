"""Files in which a bank tells which ACH entries came back, and whose details it wants changed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from partners.models.bank import BankAccount
from partners.models.sending import AchEntry


class AchReturnFile(models.Model):
    """A file as it was read, until it is taken in or dropped. Its bytes are not kept: they may hold whole numbers."""

    class State(models.TextChoices):
        CHECKED = "checked", "Checked, nothing taken in yet"
        IMPORTED = "imported", "Taken in"
        DROPPED = "dropped", "Dropped"

    account = models.ForeignKey(
        BankAccount, on_delete=models.PROTECT, related_name="ach_returns", help_text="Where what had left came back."
    )
    file_name = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=State.choices, default=State.CHECKED)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["sha256"], condition=~Q(state="dropped"), name="ach_return_file_once"),
            models.CheckConstraint(
                condition=Q(state="checked", decided_by__isnull=True, decided_at__isnull=True)
                | (~Q(state="checked") & Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="ach_return_file_decided_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name


class AchReturnRow(models.Model):
    """One entry of such a file, and what it would do. Of corrected account numbers the last four alone are here."""

    class Verdict(models.TextChoices):
        RETURNED = "returned", "Came back"
        CHANGE = "change", "Wants other details"
        KNOWN = "known", "Recorded before"
        REFUSED = "refused", "Fits nothing of ours"

    file = models.ForeignKey(AchReturnFile, on_delete=models.PROTECT, related_name="rows")
    line = models.PositiveIntegerField(help_text="Of the file.")
    trace = models.CharField(max_length=15)
    code = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    last4 = models.CharField(max_length=4, blank=True, help_text="Of the account number that the bank wants used.")
    entry = models.ForeignKey(AchEntry, null=True, on_delete=models.PROTECT, related_name="returns")
    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    problem = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["line"]
        constraints = [
            models.UniqueConstraint(fields=["file", "line"], name="ach_return_row_of_a_line"),
            models.CheckConstraint(
                condition=Q(verdict="refused") | Q(entry__isnull=False), name="ach_return_row_of_an_entry"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.trace} {self.code}"
