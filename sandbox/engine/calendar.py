"""Billing dates: an anchor repeated every interval, held at the end of months that are too short."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta

from sandbox.objects import Object

MONTHS = {"month": 1, "year": 12}
DAYS = {"day": 1, "week": 7}


def boundary(anchor: int, recurring: Object, number: int, *, day_of_month: int | None = None) -> int:
    """Start of period `number` (0 is the anchor itself), in unix seconds.

    31 January + 1 month is 28 or 29 February, + 2 months is 31 March: counted from the anchor, never from the last
    period. `day_of_month` stands in for the anchor's own day where the anchor fell into a short month.
    """
    interval, count = recurring["interval"], recurring["interval_count"]
    start = datetime.fromtimestamp(anchor, UTC)
    if interval in DAYS:
        return int((start + timedelta(days=DAYS[interval] * count * number)).timestamp())
    months = start.month - 1 + MONTHS[interval] * count * number
    year, month = start.year + months // 12, months % 12 + 1
    return int(start.replace(year=year, month=month, day=_clamped(year, month, day_of_month or start.day)).timestamp())


def next_boundary(anchor: int, recurring: Object, after: int, *, day_of_month: int | None = None) -> int:
    """The first period start later than `after`."""
    number = _estimate(anchor, recurring, after)
    while boundary(anchor, recurring, number, day_of_month=day_of_month) <= after:
        number += 1
    return boundary(anchor, recurring, number, day_of_month=day_of_month)


def anchor_from_config(config: Object, now: int) -> int:
    """The next moment that fits `billing_cycle_anchor_config`; parts that are not given are those of `now`."""
    today = datetime.fromtimestamp(now, UTC)
    clock = {name: config[name] for name in ("hour", "minute", "second") if config.get(name) is not None}
    year, month = today.year, config.get("month") or today.month
    while True:
        day = _clamped(year, month, config["day_of_month"])
        moment = today.replace(year=year, month=month, day=day, microsecond=0, **clock)
        if moment >= today.replace(microsecond=0):
            return int(moment.timestamp())
        year, month = (year + 1, month) if config.get("month") else (year + month // 12, month % 12 + 1)


def _clamped(year: int, month: int, day: int) -> int:
    return min(day, calendar.monthrange(year, month)[1])


def _estimate(anchor: int, recurring: Object, after: int) -> int:
    days: int = DAYS.get(recurring["interval"]) or MONTHS[recurring["interval"]] * 31
    count: int = recurring["interval_count"]
    return max(0, (after - anchor) // (days * count * 86_400) - 1)
