"""A checkout ended without being paid: the room that was kept for it goes to the payments after it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from partners.capping import lock_totals, move, post_differences
from partners.models import CapSource
from people.queries import local_day


class Outcome(StrEnum):
    RELEASED = "released"
    NOTHING_KEPT = "nothing_kept"


def release_room(*, source: str, bound_at: datetime, now: datetime) -> Outcome:
    """Give back the room that `reserve_room` kept for `source`; inside the caller's transaction.

    NOTHING_KEPT when there was none, or it was given back or used before. Raises what `post_entries` raises.
    """
    kept = CapSource.objects.filter(source=source, state=CapSource.State.RESERVED)
    agreements = [place.agreement for place in kept.select_related("agreement")]
    if not agreements:
        return Outcome.NOTHING_KEPT
    bound_on = local_day(bound_at)
    totals = lock_totals((agreement, bound_on) for agreement in agreements)
    outcome = Outcome.NOTHING_KEPT
    for place in kept.order_by("pk"):
        differences = move(
            totals[place.agreement_id],
            place,
            state=CapSource.State.RELEASED,
            uncapped_minor=place.uncapped_minor,
        )
        post_differences(differences, cause=f"{source}:released", at=now, now=now)
        outcome = Outcome.RELEASED
    return outcome
