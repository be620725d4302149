"""Refunds and disputes that need a person, told alike for orders and gifts, which keep rows of one shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Q, QuerySet

from people.desk import DeskTask
from people.money import format_minor

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
    """A task for each of `rows` (OrderRefund, GiftRefund; with their `currency`) that waits for somebody. One query.

    `words` tells a title and a detail for each of "disputed", "failed", "at_stripe", "unanswered"; `where(row)` what
    the money goes back of ("order 1042") and the address at which staff look after it.
    """
    tasks = []
    for row in rows.filter(_needs_somebody(now)).order_by("asked_at"):
        title, detail = words[_WHY[row.state]]
        what, href = where(row)
        until = row.answer_by if row.state == "disputed" else None
        said = f"{format_minor(row.amount_minor, row.currency)}: {detail}"
        tasks.append(DeskTask(f"{title} of {what}", said, row.asked_at, href, roles, until))
    return tasks


def _needs_somebody(now: datetime) -> Q:
    unchecked = Q(
        checked_at=None, state__in=["failed", "made"]
    )  # what we asked for ourselves is checked from the start
    return Q(state="disputed") | unchecked | Q(state="asked", asked_at__lt=now - ANSWERED_WITHIN)
