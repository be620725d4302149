"""What leaves the books when a month closes: exports and donors' proofs."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from ledger.models.months import Period


class LedgerExport(models.Model):
    """A range of the sequence, (from_seq, to_seq], that was written for an accounting program; once, for ever.

    Each goes on where the `previous` one of its format and currency ended: the database refuses a gap or an overlap.
    """

    format = models.CharField(max_length=12)
    currency = models.CharField(max_length=3)
    daily = models.BooleanField(help_text="One journal for each day instead of one for each entry.")
    tax_rate = models.CharField(max_length=60, blank=True)
    previous = models.OneToOneField("self", null=True, blank=True, on_delete=models.PROTECT, related_name="next")
    from_seq = models.IntegerField()
    to_seq = models.IntegerField()
    entries = models.IntegerField()
    sha256 = models.CharField(max_length=64, help_text="Over the bytes of its files, one after the other.")
    actor = models.CharField(max_length=40, default="system", help_text="Such as user:3; never a name.")
    exported_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["format", "currency"], condition=Q(previous__isnull=True), name="ledgerexport_one_first"
            ),
            models.CheckConstraint(condition=Q(from_seq__gte=0, to_seq__gt=F("from_seq")), name="ledgerexport_range"),
            models.CheckConstraint(condition=Q(entries__gt=0), name="ledgerexport_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.format} {self.currency} {self.from_seq + 1}-{self.to_seq}"


class TrialBalanceExport(models.Model):
    """The trial balance of a month's end was written as CSV; it is still the same while the bytes made anew are."""

    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="trial_balances")
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.period_id}: {self.sha256[:12]}"


class Proof(models.Model):
    """The published root over all shares of a partner in a closed month (rules/ledger.md section 9)."""

    partner = models.CharField(max_length=80, help_text="The owner of its accounts, such as partner:7.")
    yyyymm = models.IntegerField()
    currency = models.CharField(max_length=3)
    through_seq = models.IntegerField(help_text="The last sequence number that the shares were read at.")
    total_minor = models.BigIntegerField()
    root = models.BinaryField()
    leaf_count = models.IntegerField(help_text="Padding included.")
    taken_back_minor = models.BigIntegerField(help_text="Of shares of earlier months, in no leaf.")
    paid_minor = models.BigIntegerField(help_text="What reached the partner in this month.")
    published_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["partner", "yyyymm", "currency"], name="proof_published_once"),
            models.CheckConstraint(condition=Q(total_minor__gte=0, taken_back_minor__gte=0), name="proof_sums"),
        ]

    def __str__(self) -> str:
        return f"{self.partner} {self.yyyymm} {self.currency}"


class ProofLeaf(models.Model):
    """One share below a proof's root, where the shuffle put it; an empty receipt is padding."""

    proof = models.ForeignKey(Proof, on_delete=models.PROTECT, related_name="leaves", db_index=False)
    idx = models.IntegerField()
    salt = models.BinaryField()
    amount_minor = models.BigIntegerField()
    receipt = models.CharField(max_length=120, blank=True, help_text="What the share comes from, such as gift:7.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["proof", "idx"], name="proofleaf_place_once"),
            models.UniqueConstraint(
                fields=["proof", "receipt"], condition=~Q(receipt=""), name="proofleaf_receipt_once"
            ),
            models.CheckConstraint(condition=Q(idx__gte=0, amount_minor__gte=0), name="proofleaf_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.proof_id}.{self.idx}"
