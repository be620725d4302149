"""Which year's figures a correction belongs to: that of what it corrects, until that fiscal year is closed.

Refunds of gifts and reversals of grants of a closed year stand apart from this year's (rules/ledger.md section 8, Form
990 part XI line 9): `Parts.prior_year` and `builders.reversal` put them there.
"""

from __future__ import annotations

from datetime import date

from ledger.models import Period
from people.queries import organisation


def is_closed(day: date) -> bool:
    """Whether the fiscal year that holds this local day is closed: its last month is, and months close in order."""
    month = last_month(day, int(organisation().fiscal_year_starts[:2]))
    return Period.objects.filter(pk=month, state=Period.State.CLOSED).exists()


def last_month(day: date, starts_in: int) -> int:
    """The last month (yyyymm) of the fiscal year that holds `day` and starts with the month `starts_in` (1 to 12)."""
    began = day.year if day.month >= starts_in else day.year - 1
    return began * 100 + 12 if starts_in == 1 else (began + 1) * 100 + starts_in - 1
