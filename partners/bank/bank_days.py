"""Days on which United States banks settle: not weekends, not the holidays of the Federal Reserve.

A holiday that falls on a Sunday is kept on Monday; one that falls on a Saturday is not kept.
"""

from __future__ import annotations

from calendar import MONDAY, SATURDAY, SUNDAY, THURSDAY
from datetime import date, timedelta
from functools import cache

_DAY = timedelta(days=1)


def is_bank_day(day: date) -> bool:
    return day.weekday() < SATURDAY and day not in _holidays(day.year)


@cache
def after(day: date, number: int) -> date:
    """The bank day that is `number` bank days after `day`, itself not counted."""
    while number > 0:
        day += _DAY
        number -= is_bank_day(day)
    return day


@cache
def before(day: date, number: int) -> date:
    """The earliest day from which it is no more than `number` bank days to `day`."""
    earliest = day
    while after(earliest - _DAY, number) >= day:
        earliest -= _DAY
    return earliest


def lie_between(first: date, last: date) -> bool:
    """Whether there is a bank day after `first` and before `last`."""
    return after(first, 1) < last


@cache
def _holidays(year: int) -> frozenset[date]:
    fixed = [date(year, 1, 1), date(year, 6, 19), date(year, 7, 4), date(year, 11, 11), date(year, 12, 25)]
    kept = [day + _DAY if day.weekday() == SUNDAY else day for day in fixed]
    moving = [
        _nth(year, 1, MONDAY, 3),  # Martin Luther King Jr.
        _nth(year, 2, MONDAY, 3),  # Washington
        _nth(year, 6, MONDAY, 1) - timedelta(days=7),  # Memorial Day, the last Monday of May
        _nth(year, 9, MONDAY, 1),  # Labor Day
        _nth(year, 10, MONDAY, 2),  # Columbus
        _nth(year, 11, THURSDAY, 4),  # Thanksgiving
    ]
    return frozenset([*kept, *moving])


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))
