"""The day of the month on which a plan's gift is taken, in words; the next gift's date is Stripe's own."""

from __future__ import annotations

from datetime import UTC

from donations.models import Plan
from people.models import Organisation
from people.queries import local_day

SHORTEST_MONTH = 28


def day_words(plan: Plan, org: Organisation) -> str:
    """ "on the 10th of each month" where Stripe told its own day (rules/giving.md); empty where nobody knows one.

    Stripe counts days in UTC. Where its next moment falls on the evening before here, so does each month's.
    """
    if plan.anchor_day is None:
        return ""
    before = plan.next_at is not None and local_day(plan.next_at, org) < plan.next_at.astimezone(UTC).date()
    day = plan.anchor_day - before
    if day == 0:
        return "on the last day of each month"
    words = f"on the {day}{_ending(day)} of each month"
    return words if day <= SHORTEST_MONTH else f"{words}, or on the last day of a shorter one"


def _ending(day: int) -> str:
    if day in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
