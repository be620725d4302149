"""The day of the month on which a plan's gift is taken, in words; the next gift's date is Stripe's own."""

from __future__ import annotations

from datetime import UTC

from donations.models import Plan
from people.models import Organisation
from people.queries import local_day

SHORTEST_MONTH, LONGEST_MONTH = 28, 31


def day_words(plan: Plan, org: Organisation) -> str:
    """ "on the 10th of each month" where Stripe told its own day (rules/giving.md); empty where nobody knows one.

    Stripe counts days in UTC. Where its next moment falls on the day before or after here, so does each month's; where
    a month is too short for its day, Stripe takes the last one.
    """
    if plan.anchor_day is None:
        return ""
    day, shift = plan.anchor_day, _shift(plan, org)
    if shift < 0:
        return _day_before(day)
    if shift > 0:
        return _day_after(day)
    return _each(day) if day <= SHORTEST_MONTH else f"{_each(day)}, or on the last day of a shorter one"


def _shift(plan: Plan, org: Organisation) -> int:
    """By how many days our date of the next moment differs from Stripe's: -1, 0 or 1."""
    if plan.next_at is None:
        return 0
    return (local_day(plan.next_at, org) - plan.next_at.astimezone(UTC).date()).days


def _day_before(day: int) -> str:
    if day == 1:
        return "on the last day of each month"
    if day == LONGEST_MONTH:
        return "on the last day but one of each month"
    return _each(day - 1) if day <= SHORTEST_MONTH else f"{_each(day - 1)}, in February on the last day but one"


def _day_after(day: int) -> str:
    if day == LONGEST_MONTH:
        return _each(1)
    return _each(day + 1) if day < SHORTEST_MONTH else f"{_each(day + 1)}, or on the 1st after a shorter one"


def _each(day: int) -> str:
    return f"on the {day}{_ending(day)} of each month"


def _ending(day: int) -> str:
    if day in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
