"""What an approval signs: the lines of a payout batch as one hash (rules/ledger.md section 6)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from partners.models import PartnerPayout, PayoutBatch


def content_hash(batch: PayoutBatch, payouts: Iterable[PartnerPayout]) -> str:
    """SHA-256 over currency, cut-off and (partner, amount, method, destination, reference) of each live payout."""
    lines = sorted(
        [payout.partner_id, payout.amount_minor, payout.method, payout.destination, payout.reference]
        for payout in payouts
        if payout.state != PartnerPayout.State.RELEASED
    )
    content = {
        "batch": batch.pk,
        "currency": batch.currency,
        "as_of": batch.as_of.isoformat(),
        "through_seq": batch.through_seq,
        "lines": lines,
    }
    return hashlib.sha256(json.dumps(content, separators=(",", ":"), sort_keys=True).encode()).hexdigest()


def current_hash(batch: PayoutBatch) -> str:
    """The hash of the batch as its rows are now."""
    return content_hash(batch, PartnerPayout.objects.filter(batch=batch))
