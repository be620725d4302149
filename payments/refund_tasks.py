"""Refunds and disputes that need a person, told alike for orders and gifts, which keep rows of one shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Q, QuerySet

from people.desk import DeskTask
from people.money import format_minor
from people.queries import local_day, organisation

ANSWERED_WITHIN: Final = timedelta(minutes=10)
_WHY: Final = {"disputed": "disputed", "failed": "failed", "made": "at_stripe", "asked": "unanswered"}


def refund_tasks(
    rows: QuerySet[Any],
    words: Mapping[str, tuple[str, str]],
    where: Callable[[Any], tuple[str, str]],
    *,
    roles: tuple[str, ...],
    now: datetime,
) -> list[DeskTask]:
    """A task for each of `rows` (OrderRefund, GiftRefund) that waits for somebody. A query, one more for disputes.

    `words` tells a title and a detail for each of "disputed", "failed", "at_stripe", "unanswered"; `where(row)` what
    the money goes back of ("order 1042") and the address at which staff look after it.
    """
    waiting = list(rows.filter(_needs_somebody(now)).order_by("asked_at"))
    days = _days([row.answer_by for row in waiting if row.state == "disputed"])
    tasks = []
    for row in waiting:
        title, detail = words[_WHY[row.state]]
        what, href = where(row)
        if row.state == "disputed" and row.answer_by:
            detail = f"{detail} Until {days[row.answer_by]:%-d %B %Y}."
        amount = format_minor(row.amount_minor, row.currency)
        tasks.append(DeskTask(f"{title} of {what}", f"{amount}: {detail}", row.asked_at, href, roles))
    return tasks


def _needs_somebody(now: datetime) -> Q:
    unchecked = Q(checked_at=None) & (Q(state="failed") | Q(state="made", asked_by=None))
    return Q(state="disputed") | unchecked | Q(state="asked", asked_at__lt=now - ANSWERED_WITHIN)


def _days(moments: list[datetime | None]) -> dict[datetime, date]:
    if not any(moments):
        return {}
    org = organisation()
    return {at: local_day(at, org) for at in moments if at}
