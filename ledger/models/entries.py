"""Entries and their postings: written once, never changed."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from ledger.models.accounts import Account


class Entry(models.Model):
    """One business fact in the books. The database adds `created_xid`, the transaction that may write its postings."""

    # Four bytes hold two thousand million entries; eight in every posting would break its size limit (DESIGN.md 3).
    id = models.AutoField(primary_key=True)
    kind = models.CharField(max_length=40)
    source = models.CharField(max_length=120, help_text="What it tells of, such as order:1042.")
    idempotency_key = models.CharField(max_length=200)
    facts_hash = models.BinaryField(help_text="Tells a replay from a conflict: what came from outside.")
    content_hash = models.BinaryField(help_text="Over all that is posted: ledger.hashing.content_hash.")
    effective_date = models.DateField()
    event_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now(), help_text="Wall time.")
    reverses = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="reversed_by", db_index=False
    )
    actor = models.CharField(max_length=40, default="system", help_text="Such as user:3; never a name.")
    memo = models.CharField(max_length=40, blank=True, help_text="One fixed word; reasons lie in Approval.")

    class Meta:
        verbose_name_plural = "entries"
        constraints = [
            models.UniqueConstraint(fields=["idempotency_key"], name="entry_key_once"),
            models.UniqueConstraint(
                fields=["reverses"], condition=Q(reverses__isnull=False), name="entry_reversed_once"
            ),
        ]

    def __str__(self) -> str:
        return self.idempotency_key

    @property
    def words(self) -> str:
        """Its kind as a person says it."""
        return self.kind.replace("_", " ").capitalize()


class Posting(models.Model):
    """One amount from `credit` to `debit`: balanced by construction. Migration 0001 lays out its table by hand."""

    pk = models.CompositePrimaryKey("entry_id", "ordinal")
    # The database checks these by statement, not row by row (docs/decisions/0018).
    entry = models.ForeignKey(
        Entry, on_delete=models.PROTECT, related_name="postings", db_index=False, db_constraint=False
    )
    ordinal = models.SmallIntegerField()
    debit = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="+", db_column="debit", db_index=False, db_constraint=False
    )
    credit = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="+", db_column="credit", db_index=False, db_constraint=False
    )
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    effective_date = models.DateField()

    class Meta:
        indexes = [
            models.Index(fields=["entry"], name="posting_entry"),
            # Without the amount, so that a day's equal keys are kept once (docs/decisions/0018).
            models.Index(fields=["debit", "effective_date"], name="posting_debit"),
            models.Index(fields=["credit", "effective_date"], name="posting_credit"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="posting_amount_above_zero"),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="posting_two_accounts"),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id}.{self.ordinal}"
