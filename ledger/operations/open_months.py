"""The months around a day are in the books, open; those that were there stay as they are."""

from __future__ import annotations

from datetime import date

from ledger.models import Period


def open_months(*, around: date, back: int = 24, ahead: int = 24, since: date | None = None) -> int:
    """Add the months from `back` before `around` (or from the month of `since`) to `ahead` after it; how many were new.

    `around` is a day or a moment; a day's difference between zones is nothing here. Safe to repeat: a month that is
    there, open or closed, is left alone. Raises ValueError when `since` lies after the last month.
    """
    middle = around.year * 12 + around.month - 1
    first = since.year * 12 + since.month - 1 if since else middle - back
    if first > middle + ahead:
        raise ValueError(f"{since} lies after the last month to open")
    before = Period.objects.count()
    Period.objects.bulk_create(
        (Period(yyyymm=month // 12 * 100 + month % 12 + 1) for month in range(first, middle + ahead + 1)),
        ignore_conflicts=True,
    )
    return Period.objects.count() - before
