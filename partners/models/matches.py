"""How bank lines are explained; never a column of a ledger row."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from partners.models.bank import BankLine
from partners.models.payouts import PartnerPayout


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
