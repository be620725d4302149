"""The chain: what waits for its seal, the seals, and what was anchored elsewhere."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from ledger.models.entries import Entry


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


class Anchor(models.Model):
    """The head of the chain as it was told to somebody outside on a day. Append-only."""

    anchored_on = models.DateField(primary_key=True, help_text="The organisation's day.")
    seq = models.IntegerField()
    hash = models.BinaryField()
    recorded_at = models.DateTimeField(db_default=Now(), help_text="Wall time.")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(seq__gte=1), name="anchor_of_a_seal")]

    def __str__(self) -> str:
        return f"{self.anchored_on}: {self.seq}"
