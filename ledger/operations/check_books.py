"""The books were looked at this night: the result is kept, and somebody is told when they do not add up."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from enum import StrEnum
from typing import Final

import structlog
from django.db import connection, transaction

from ledger import books
from ledger.books import Result
from ledger.contact import tell_contact
from ledger.contents import look_at_one_moment
from ledger.models import BooksRun
from people.queries import organisation

FROM_HOUR: Final = 3  # local: the day's business is over, and the day's mail can still be read in the morning
TOLD_MAX: Final = 5  # findings of one check in the mail; the row has more, and scripts/books all there are
log = structlog.get_logger(__name__)


class Outcome(StrEnum):
    TOO_EARLY = "too_early"
    DONE_BEFORE = "done_before"
    RUNNING = "running"
    GREEN = "green"
    WRONG = "wrong"


def check_books(*, now: datetime) -> Outcome:
    """Run every check once on each local day, from FROM_HOUR on (rules/ledger.md "Invariants", "nightly task").

    Ask as often as you like: an hour that was missed is made up for, and of two at once one does it. What was found is
    a row and, when something was, one mail to the organisation's contact.
    """
    local = now.astimezone(organisation().zone)
    if local.hour < FROM_HOUR:
        return Outcome.TOO_EARLY
    if BooksRun.objects.filter(pk=local.date()).exists():
        return Outcome.DONE_BEFORE
    # 1. All checks see one moment; whoever comes meanwhile leaves it to us.
    with transaction.atomic():
        look_at_one_moment()
        if not _first():
            return Outcome.RUNNING
        results = list(books.run())
    # 2. The result and the mail, together.
    return _keep(local.date(), results, now)


def _first() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended('ledger:books', 0))")
        return bool(cursor.fetchone()[0])


@transaction.atomic
def _keep(day: date, results: list[Result], now: datetime) -> Outcome:
    failed = [result for result in results if result.count]
    values = {"checks": len(results), "failed": len(failed), "found": [asdict(result) for result in failed]}
    _, made = BooksRun.objects.get_or_create(checked_on=day, defaults=values)
    if not made:
        return Outcome.DONE_BEFORE
    if not failed:
        log.info("books_add_up", day=day.isoformat(), checks=len(results))
        return Outcome.GREEN
    log.error("books_do_not_add_up", day=day.isoformat(), failed=[result.name for result in failed])
    shown = [(result, result.findings[:TOLD_MAX], result.count - len(result.findings[:TOLD_MAX])) for result in failed]
    tell_contact(
        key=f"ledger:books:{day.isoformat()}",
        subject=f"The books do not add up: {len(failed)} of {len(results)} checks failed",
        template="ledger/mail/books_wrong",
        context={"day": day, "failed": shown},
        now=now,
    )
    return Outcome.WRONG
