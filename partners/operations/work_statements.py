"""Files that were uploaded are checked; those that a person wants are imported and matched, a step at a time."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

import structlog
from django.db import transaction
from django.db.models import F, Q

from partners.models import StatementFile
from partners.operations.check_statement import LEASE, check_statement
from partners.operations.match_lines import match_lines
from partners.operations.take_in_statement import take_in_statement
from people import clock

ATTEMPTS_MAX: Final = 5
State = StatementFile.State
log = structlog.get_logger(__name__)


class Outcome(StrEnum):
    WORKED = "worked"
    FAILED = "failed"
    NOTHING_DUE = "nothing_due"


def work_next_statement(*, now: datetime, file_id: int | None = None) -> Outcome:
    """Lease the file that waits longest, or the one named, and do its next step.

    A step is begun anew when its worker dies; each can be. After ATTEMPTS_MAX the file says that it cannot be worked.
    """
    file = _lease(file_id)
    if file is None:
        return Outcome.NOTHING_DUE
    try:
        _step(file, now)
    except Exception as error:
        log.exception("statement_not_worked", file=file.pk, state=file.state)
        _failed(file, type(error).__name__)
        return Outcome.FAILED
    return Outcome.WORKED


def work_through(*, file_id: int, now: datetime) -> None:
    """All steps of one file that need no person, here and now: for small files, which no worker has to be asked for."""
    while work_next_statement(now=now, file_id=file_id) is Outcome.WORKED:
        pass


def _step(file: StatementFile, now: datetime) -> None:
    if file.state == State.UPLOADED:
        check_statement(file_id=file.pk, now=now)
    elif file.state == State.WANTED:
        take_in_statement(file_id=file.pk, now=now)
    else:
        match_lines(now=now, tell=lambda confirmed: _tell(file, confirmed))
        StatementFile.objects.filter(pk=file.pk).update(state=State.IMPORTED, lease_until=None, attempts=0)


def _tell(file: StatementFile, confirmed: int) -> None:
    """How many matches are confirmed so far; the lease is renewed with it."""
    lease = clock.wall_now() + LEASE
    StatementFile.objects.filter(pk=file.pk).update(rows_done=confirmed, lease_until=lease)


@transaction.atomic
def _lease(file_id: int | None) -> StatementFile | None:
    wall_now = clock.wall_now()
    due = StatementFile.objects.filter(state__in=[State.UPLOADED, State.WANTED, State.MATCHING])
    due = due.filter(Q(lease_until__isnull=True) | Q(lease_until__lt=wall_now))
    if file_id is not None:
        due = due.filter(pk=file_id)
    file = due.select_for_update(skip_locked=True, of=("self",)).defer("content").order_by("id").first()
    if file is not None:
        file.lease_until = wall_now + LEASE
        StatementFile.objects.filter(pk=file.pk).update(lease_until=file.lease_until, attempts=F("attempts") + 1)
    return file


def _failed(file: StatementFile, why: str) -> None:
    """Try again later; after ATTEMPTS_MAX give up, saying so. What is imported stays imported."""
    rows = StatementFile.objects.filter(pk=file.pk, attempts__gte=ATTEMPTS_MAX)
    words = f"This file could not be worked through ({why}). Nothing of it was imported. Tell whoever runs Tassel."
    rows.exclude(state=State.MATCHING).update(state=State.UNREADABLE, problem=words, lease_until=None)
    rows.filter(state=State.MATCHING).update(state=State.IMPORTED, lease_until=None)
