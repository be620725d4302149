"""The organisation's bank as its statements tell it, and how its lines settle payouts."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from partners.models.payouts import PartnerPayout


class BankAccount(models.Model):
    """One account of ours, with the column profile of the CSV that its bank exports."""

    name = models.CharField(max_length=80, unique=True)
    last4 = models.CharField(max_length=4, blank=True)
    currency = models.CharField(max_length=3, default="usd")
    date_column = models.CharField(max_length=40, default="Date")
    description_column = models.CharField(max_length=40, default="Description")
    amount_column = models.CharField(max_length=40, default="Amount")
    date_format = models.CharField(max_length=20, default="%Y-%m-%d", help_text="As in Python: %Y-%m-%d or %m/%d/%Y.")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return f"{self.name} ({self.last4})" if self.last4 else self.name


class BankStatement(models.Model):
    """One imported file: taken whole or not at all, and once."""

    account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="statements")
    sha256 = models.CharField(max_length=64)
    file_name = models.CharField(max_length=120)
    imported_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    imported_at = models.DateTimeField()
    first_on = models.DateField()
    last_on = models.DateField()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["account", "sha256"], name="bank_statement_once")]

    def __str__(self) -> str:
        return self.file_name


class BankLine(models.Model):
    """One line of a bank statement; identical lines of one file are separate occurrences."""

    statement = models.ForeignKey(BankStatement, on_delete=models.PROTECT, related_name="lines")
    account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="lines")
    ordinal = models.PositiveIntegerField()
    booked_on = models.DateField()
    description = models.CharField(max_length=300)
    amount_minor = models.BigIntegerField(help_text="Negative when money left the account.")
    currency = models.CharField(max_length=3)
    dedupe_key = models.CharField(max_length=64)

    class Meta:
        ordering = ["-booked_on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "dedupe_key"], name="bank_line_once"),
            models.CheckConstraint(condition=~Q(amount_minor=0), name="bank_line_moves_money"),
        ]

    def __str__(self) -> str:
        return f"{self.booked_on} {self.description}"


class Match(models.Model):
    """A bank line that may be, or is, a payout; never a column of a ledger row."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "Waiting for a person"
        CONFIRMED = "confirmed", "Confirmed"
        UNDONE = "undone", "Not the same"

    class Rule(models.TextChoices):
        REFERENCE = "reference", "Exact reference and amount"
        AMOUNT = "amount", "The only one of this amount"
        PERSON = "person", "Chosen by a person"

    line = models.ForeignKey(BankLine, on_delete=models.PROTECT, related_name="matches")
    payout = models.ForeignKey(PartnerPayout, on_delete=models.PROTECT, related_name="matches")
    rule = models.CharField(max_length=10, choices=Rule.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "matches"
        constraints = [
            models.UniqueConstraint(fields=["line"], condition=~Q(state="undone"), name="match_one_per_line"),
            models.UniqueConstraint(fields=["payout"], condition=~Q(state="undone"), name="match_one_per_payout"),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_by__isnull=True, decided_at__isnull=True)
                | (~Q(state="proposed") & Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="match_decided_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line_id} = {self.payout_id} ({self.state})"
