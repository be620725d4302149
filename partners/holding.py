"""Shares that were set aside end being so: called by the operations that know why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ledger import builders
from ledger.drafts import EntryDraft
from ledger.operations.post_entry import Posted, post_entries
from partners.models import Hold
from people.queries import local_day


def end_holds(left: Sequence[tuple[Hold, int]], *, at: datetime, now: datetime) -> None:
    """Close these holds, and release to the partner what is left of each, in minor units."""
    rest = [(hold, amount) for hold, amount in left if amount]
    posted: dict[int, Posted] = dict(
        zip(
            [hold.pk for hold, _ in rest],
            post_entries([_release(hold, amount, at) for hold, amount in rest], now=now),
            strict=True,
        )
    )
    for hold, _ in left:
        entry = posted.get(hold.pk)
        hold.ended_on = entry.effective_on if entry else local_day(at)
        hold.released_entry_id = entry.entry_id if entry else None
        hold.save(update_fields=["ended_on", "released_entry"])


def _release(hold: Hold, amount_minor: int, at: datetime) -> EntryDraft:
    allocation = hold.allocation
    return builders.release(
        hold_ref=hold.ref,
        source=allocation.source,
        event_at=at,
        effective_on=local_day(at),
        currency=allocation.currency,
        partner=allocation.agreement.partner.owner,
        amount_minor=amount_minor,
    )
