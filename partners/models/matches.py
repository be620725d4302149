"""How bank lines are explained: matches with their items, entries and history. Never a column of a ledger row."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import Q

from partners.models.bank import BankAccount, BankLine
from partners.models.payouts import PartnerPayout


class Match(models.Model):
    """Bank lines that may be, or are, what stands on the other side; both sides come to the same to the cent."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "Waiting for a person"
        CONFIRMED = "confirmed", "Confirmed"
        UNDONE = "undone", "Not the same"

    class Rule(models.TextChoices):
        EXACT_ID = "exact_id", "Exact id and amount"
        AMOUNT_DATE = "amount_date", "Only one of this amount in these days"
        SUM = "sum", "Only these add up"
        LEARNED = "learned", "As lines like it before"
        PERSON = "person", "Chosen by a person"

    class Kind(models.TextChoices):
        ARRIVED = "arrived", "Stripe paid out"
        PAID = "paid", "A partner was paid"
        RETURNED = "returned", "A partner's payment came back"
        EXPLAINED = "explained", "Bank fee or interest"
        BOOKED = "booked", "Booked by hand already"
        DUPLICATE = "duplicate", "The same line twice"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    rule = models.CharField(max_length=12, choices=Rule.choices)
    score = models.PositiveSmallIntegerField(default=0)
    is_certain = models.BooleanField(default=False, help_text="The rule may confirm it without a person.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "matches"
        indexes = [models.Index(fields=["id"], condition=Q(state="proposed"), name="match_proposed")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="proposed", decided_by__isnull=True, decided_at__isnull=True)
                | Q(state="confirmed", decided_at__isnull=False, decided_by__isnull=False)
                | Q(state="confirmed", decided_at__isnull=False, is_certain=True)
                | Q(state="undone", decided_at__isnull=False, decided_by__isnull=False),
                name="match_decided_by_somebody_or_certain",
            ),
        ]

    def __str__(self) -> str:
        return f"match {self.pk} ({self.state})"

    @property
    def ref(self) -> str:
        """What the entries of its lines name it by."""
        return f"bank:match:{self.pk}"

    @property
    def currency(self) -> str:
        """That of its lines."""
        return next((item.line.currency for item in self.items.all() if item.line is not None), "usd")


class MatchItem(models.Model):
    """One thing that a match holds, with its signed amount; a thing is in one match that is not undone at most."""

    class Side(models.TextChoices):
        BANK = "bank", "Bank line"
        PROCESSOR = "processor", "Stripe payout"
        PARTNER = "partner", "Payout to a partner"
        LEDGER = "ledger", "Account or entry in the books"

    match = models.ForeignKey(Match, on_delete=models.PROTECT, related_name="items")
    side = models.CharField(max_length=10, choices=Side.choices)
    line = models.ForeignKey(BankLine, null=True, blank=True, on_delete=models.PROTECT, related_name="match_items")
    stripe_payout = models.ForeignKey(
        "payments.StripePayout", null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    payout = models.ForeignKey(
        PartnerPayout, null=True, blank=True, on_delete=models.PROTECT, related_name="match_items"
    )
    is_return = models.BooleanField(default=False, help_text="Of a partner's payout: it came back.")
    entry = models.ForeignKey(
        "ledger.Entry", null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    purpose = models.CharField(max_length=40, blank=True, help_text="Of the account in the books, such as bank_fees.")
    amount_minor = models.BigIntegerField(help_text="Signed as the bank signs it.")
    is_active = models.BooleanField(default=True, help_text="Until its match is undone.")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["line"], condition=Q(is_active=True, side="bank"), name="match_line_once"),
            models.UniqueConstraint(
                fields=["stripe_payout"], condition=Q(is_active=True), name="match_stripe_payout_once"
            ),
            models.UniqueConstraint(
                fields=["payout", "is_return"], condition=Q(is_active=True), name="match_partner_payout_once"
            ),
            models.UniqueConstraint(fields=["entry"], condition=Q(is_active=True), name="match_entry_once"),
            models.CheckConstraint(
                condition=Q(side="bank", line__isnull=False, stripe_payout=None, payout=None, entry=None, purpose="")
                | Q(side="processor", line=None, stripe_payout__isnull=False, payout=None, entry=None, purpose="")
                | Q(side="partner", line=None, stripe_payout=None, payout__isnull=False, entry=None, purpose="")
                | (
                    Q(side="ledger", stripe_payout=None, payout=None)
                    & (
                        (Q(line=None, entry=None) & ~Q(purpose=""))
                        | Q(line=None, entry__isnull=False, purpose="")
                        | Q(line__isnull=False, entry=None, purpose="")  # the line that a duplicate repeats
                    )
                ),
                name="match_item_is_one_thing",
            ),
            models.CheckConstraint(condition=~Q(amount_minor=0), name="match_item_moves_money"),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.amount_minor} of match {self.match_id}"

    @property
    def purpose_name(self) -> str:
        return LearnedRule.PURPOSES.get(self.purpose, self.purpose)


class MatchEntry(models.Model):
    """An entry that a match posted; when it is undone, another that takes it back. Append-only."""

    match = models.ForeignKey(Match, on_delete=models.PROTECT, related_name="entries")
    entry = models.OneToOneField("ledger.Entry", on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"entry {self.entry_id} of match {self.match_id}"


class MatchEvent(models.Model):
    """What became of a match, by whom and why. Append-only."""

    match = models.ForeignKey(Match, on_delete=models.PROTECT, related_name="events")
    word = models.CharField(max_length=10, choices=Match.State.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.match_id}: {self.word}"


class LearnedRule(models.Model):
    """Lines that say this are explained like the one it was learned from; proposed, never confirmed by itself."""

    PURPOSES: Final = {"bank_fees": "Bank fees", "interest": "Bank interest"}

    account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="learned_rules")
    pattern = models.CharField(max_length=300, help_text="The line's words in capitals, without figures.")
    is_credit = models.BooleanField()
    purpose = models.CharField(max_length=40, choices=list(PURPOSES.items()))
    learned_from = models.ForeignKey(Match, on_delete=models.PROTECT, related_name="+")
    learned_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    learned_at = models.DateTimeField()
    stopped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    stopped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "pattern", "is_credit"],
                condition=Q(stopped_at__isnull=True),
                name="learned_rule_one_for_a_text",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pattern}: {self.purpose}"
