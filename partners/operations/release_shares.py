"""A dispute was won: the shares that were set aside for it can be paid out again."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from partners.holding import end_holds
from partners.models import Hold
from partners.waiting import note_dispute_won


class Outcome(StrEnum):
    RELEASED = "released"
    NOTHING_HELD = "nothing_held"


def release_shares(*, source: str, charge_ref: str, cause: str, at: datetime, now: datetime) -> Outcome:
    """Release everything that is held for `cause` (rules/ledger.md E9w).

    Inside the caller's transaction, under the payment's lock. NOTHING_HELD when it was released before, or the dispute
    touched no share. Raises what `post_entries` raises.
    """
    note_dispute_won(source=source, charge_ref=charge_ref, cause=cause)
    held = Hold.objects.filter(
        allocation__source=source, allocation__charge_ref=charge_ref, cause=cause, ended_on__isnull=True
    )
    holds = list(held.select_related("allocation__agreement__partner").order_by("id"))
    end_holds([(hold, hold.amount_minor) for hold in holds], at=at, now=now)
    return Outcome.RELEASED if holds else Outcome.NOTHING_HELD
