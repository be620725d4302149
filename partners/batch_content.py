"""What an approval signs: the lines of a payout batch as one hash (rules/ledger.md section 6)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from partners.models import PartnerPayout, PayoutBatch


def content_hash(batch: PayoutBatch, payouts: Iterable[PartnerPayout]) -> str:
    """SHA-256 over currency, cut-off, edits, and what is paid to whom and where of each live payout.

    A destination counts with what its call-back signed, so that no approval covers another account of the same name.
    """
    lines = sorted(_line(payout) for payout in payouts if payout.state != PartnerPayout.State.RELEASED)
    content: dict[str, Any] = {
        "batch": batch.pk,
        "currency": batch.currency,
        "as_of": batch.as_of.isoformat(),
        "through_seq": batch.through_seq,
        "lines": lines,
    }
    if batch.revision:
        content["revision"] = batch.revision
    return hashlib.sha256(json.dumps(content, separators=(",", ":"), sort_keys=True).encode()).hexdigest()


def current_hash(batch: PayoutBatch) -> str:
    """The hash of the batch as its rows are now."""
    return content_hash(batch, PartnerPayout.objects.filter(batch=batch).select_related("paid_to"))


def _line(payout: PartnerPayout) -> list[Any]:
    line = [payout.partner_id, payout.amount_minor, payout.method, payout.destination, payout.reference]
    # What was in use before destinations were kept was signed by its words alone.
    confirmed = payout.paid_to is not None and payout.paid_to.edited_by_id is not None
    return [*line, payout.paid_to_id, payout.paid_to.content_hash] if confirmed and payout.paid_to else line
