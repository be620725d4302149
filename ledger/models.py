"""The books: accounts, entries of pair postings, the months they fall in, and the queue of what is not yet sealed.

Written by `ledger.operations` only. Entries and postings are append-only: migration 0002 holds the guards.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class Account(models.Model):
    """One purpose of the chart for one owner in one currency; made when a posting first names it, never deleted."""

    class Restriction(models.TextChoices):
        WITHOUT = "without", "Without donor restrictions"
        PURPOSE = "purpose", "With donor restrictions: purpose"
        TIME = "time", "With donor restrictions: time"
        PERPETUAL = "perpetual", "With donor restrictions: perpetual"

    # Four bytes, not eight: a posting carries this number twice, and again in two indexes.
    id = models.AutoField(primary_key=True)
    code = models.CharField(max_length=8)
    purpose = models.CharField(max_length=40)
    owner = models.CharField(max_length=80, blank=True, help_text="Such as partner:7; empty for our own.")
    currency = models.CharField(max_length=3)
    name = models.CharField(max_length=120)
    type = models.CharField(max_length=12)
    restriction = models.CharField(max_length=12, choices=Restriction.choices, default=Restriction.WITHOUT)
    functional_class = models.CharField(max_length=20, blank=True)
    is_open = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["purpose", "owner", "currency"], name="account_once"),
            models.UniqueConstraint(fields=["id", "currency"], name="account_in_one_currency"),
            models.CheckConstraint(
                condition=Q(type__in=["asset", "liability", "net_assets", "income", "expense"]),
                name="account_type_known",
            ),
            models.CheckConstraint(condition=Q(currency__regex=r"^[a-z]{3}$"), name="account_currency_code"),
        ]

    def __str__(self) -> str:
        return f"{self.code}/{self.owner}" if self.owner else self.code


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


class Posting(models.Model):
    """One amount from `credit` to `debit`: balanced by construction. Migration 0001 lays out its table by hand."""

    pk = models.CompositePrimaryKey("entry_id", "ordinal")
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="postings", db_index=False)
    ordinal = models.SmallIntegerField()
    debit = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_column="debit", db_index=False)
    credit = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_column="credit", db_index=False)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    effective_date = models.DateField()

    class Meta:
        indexes = [
            models.Index(fields=["entry"], name="posting_entry"),
            # Covering as three key columns, not INCLUDE: only keys are deduplicated, which halves these indexes.
            models.Index(fields=["debit", "effective_date", "amount_minor"], name="posting_debit"),
            models.Index(fields=["credit", "effective_date", "amount_minor"], name="posting_credit"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="posting_amount_above_zero"),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="posting_two_accounts"),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id}.{self.ordinal}"


class Unsealed(models.Model):
    """An entry that waits for its sequence number; filled by a trigger, emptied by the sealer."""

    entry = models.OneToOneField(Entry, primary_key=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name_plural = "unsealed"

    def __str__(self) -> str:
        return str(self.entry_id)


class Seal(models.Model):
    """An entry's place in the sequence, and the hash that chains it to the one before (rules/sealing.md "Sealer")."""

    seq = models.IntegerField(primary_key=True, help_text="From 1, without a gap.")
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="seal")
    prev_hash = models.BinaryField(unique=True)
    hash = models.BinaryField(unique=True, help_text="SHA-256 of 02, prev_hash and canonical: ledger.chain.link.")
    canonical = models.BinaryField(help_text="The bytes that were sealed: ledger.hashing.canonical.")

    def __str__(self) -> str:
        return str(self.seq)


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
