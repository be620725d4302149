"""The changes that partners' rows tell: agreements and payout batches."""

from __future__ import annotations

from typing import Final

from django.db.models import F, Value
from django.db.models.functions import Concat
from django.urls import reverse

from partners.models import Agreement, PayoutBatch
from people.history import Change
from people.sources import Source

_AGREEMENT = Concat(Value("agreement:"), "pk")
_BATCH = Concat(Value("payout_batch:"), "pk")
CHANGES: Final = (
    Change("Agreements", Agreement.objects.all, F("prepared_at"), F("prepared_by"), _AGREEMENT, Value("prepared")),
    Change(
        "Agreements",
        lambda: Agreement.objects.filter(approved_by__isnull=False),
        F("approved_at"),
        F("approved_by"),
        _AGREEMENT,
        Value("activated"),
    ),
    Change(
        "Agreements",
        lambda: Agreement.objects.filter(ended_by__isnull=False),
        F("ended_at"),
        F("ended_by"),
        _AGREEMENT,
        Value("ended early"),
    ),
    Change("Payouts", PayoutBatch.objects.all, F("proposed_at"), F("proposed_by"), _BATCH, Value("proposed")),
    Change(
        "Payouts",
        lambda: PayoutBatch.objects.filter(sent_by__isnull=False),
        F("sent_at"),
        F("sent_by"),
        _BATCH,
        Value("sent"),
    ),
)


def describe_batches(refs: list[str]) -> dict[str, Source]:
    """ "Payout batch 7", with its page. No query."""
    return {ref: Source(f"Payout batch {_pk(ref)}", reverse("partners:desk_batch", args=[_pk(ref)])) for ref in refs}


def describe_agreements(refs: list[str]) -> dict[str, Source]:
    """ "Agreement 7", with its page. No query."""
    return {ref: Source(f"Agreement {_pk(ref)}", reverse("partners:desk_agreement", args=[_pk(ref)])) for ref in refs}


def _pk(ref: str) -> int:
    return int(ref.partition(":")[2])
