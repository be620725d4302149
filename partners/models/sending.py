"""What carries payouts outside Stripe: files for the bank, and cheques."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from partners.models.bank import BankAccount
from partners.models.destinations import PayoutDestination
from partners.models.payouts import PartnerPayout, PayoutAttempt


class AchOriginator(models.Model):
    """How our bank knows us in ACH files: one row, as the bank's agreement says."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    bank_routing = models.CharField(max_length=9, help_text="The routing number of our own bank.")
    bank_name = models.CharField(max_length=23)
    origin = models.CharField(max_length=10, help_text="Immediate origin, often 1 and our EIN.")
    origin_name = models.CharField(max_length=23)
    company_id = models.CharField(max_length=10)
    company_name = models.CharField(max_length=16, help_text="What partners read on their statement.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="ach_originator_only_one"),
            models.CheckConstraint(condition=Q(bank_routing__regex=r"^[0-9]{9}$"), name="ach_originator_bank_routing"),
        ]

    def __str__(self) -> str:
        return self.origin_name


class AchFile(models.Model):
    """One file for the bank. Its bytes are kept nowhere: the same rows make them again, and `sha256` says whether."""

    made_on = models.DateField(help_text="Local day.")
    modifier = models.CharField(max_length=1, help_text="A to Z: which of the day's files.")
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    effective_on = models.DateField()
    header = models.JSONField(help_text="The originator as it was.")
    sha256 = models.CharField(max_length=64)
    downloaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    downloaded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["made_on", "modifier"], name="ach_file_of_the_day"),
            models.CheckConstraint(condition=Q(modifier__regex=r"^[A-Z]$"), name="ach_file_modifier"),
            models.CheckConstraint(
                condition=Q(downloaded_by__isnull=True, downloaded_at__isnull=True)
                | Q(downloaded_by__isnull=False, downloaded_at__isnull=False),
                name="ach_file_downloaded_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"ACH file {self.made_on} {self.modifier}"


class AchEntry(models.Model):
    """One line of a file: an attempt, or of amount 0 a prenote that asks whether the account exists."""

    file = models.ForeignKey(AchFile, on_delete=models.PROTECT, related_name="entries")
    attempt = models.OneToOneField(PayoutAttempt, null=True, on_delete=models.PROTECT, related_name="ach_entry")
    paid_to = models.ForeignKey(PayoutDestination, on_delete=models.PROTECT, related_name="ach_entries")
    trace = models.PositiveBigIntegerField(unique=True, help_text="Its last seven digits; those before are our bank's.")
    amount_minor = models.BigIntegerField()

    class Meta:
        ordering = ["trace"]
        constraints = [
            models.CheckConstraint(
                condition=Q(attempt__isnull=True, amount_minor=0) | Q(attempt__isnull=False, amount_minor__gt=0),
                name="ach_entry_pays_or_asks",
            ),
        ]

    def __str__(self) -> str:
        return str(self.trace)

    @property
    def outcome(self) -> PrenoteOutcome | None:
        """Of a prenote, the last that is known: a bank's code replaces that nothing had come back."""
        return max(self.outcomes.all(), key=lambda one: one.pk, default=None)


class PrenoteOutcome(models.Model):
    """What came of a prenote: nothing came back in its days, or the bank's code, which may follow it late.

    Never changed (migration 0024).
    """

    entry = models.ForeignKey(AchEntry, on_delete=models.PROTECT, related_name="outcomes")
    code = models.CharField(max_length=3, blank=True, help_text="Empty: nothing came back.")
    noted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    noted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry"], condition=Q(code=""), name="prenote_silence_noted_once"),
            models.UniqueConstraint(fields=["entry"], condition=~Q(code=""), name="prenote_answer_noted_once"),
        ]

    def __str__(self) -> str:
        return self.code or "nothing came back"


class Cheque(models.Model):
    """The register: each number of an account once. How far it is says its attempt."""

    account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="cheques")
    number = models.PositiveIntegerField()
    attempt = models.OneToOneField(PayoutAttempt, on_delete=models.PROTECT, related_name="cheque")
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    issued_on = models.DateField()

    class Meta:
        ordering = ["-issued_on", "-number"]
        constraints = [models.UniqueConstraint(fields=["account", "number"], name="cheque_number_once")]

    def __str__(self) -> str:
        return f"{self.account} {self.number}"

    @property
    def payout(self) -> PartnerPayout:
        return self.attempt.payout
