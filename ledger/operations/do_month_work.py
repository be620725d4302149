"""The oldest piece of work that somebody asked for a month is done, and its row says what came of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import structlog
from django.db import transaction
from django.db.models import Q

from ledger import month_checks
from ledger.books import FINDINGS_MAX
from ledger.closing import ContentChanged, EarlierMonthOpen, MonthBusy, NotApproved, WrongState
from ledger.models import MonthWork, Period
from ledger.operations.close_month import close_month
from ledger.operations.publish_proofs import NotClosed
from ledger.operations.seal_entries import ContentMismatch
from people import clock

LEASE: Final = timedelta(hours=1)  # as long as the task may take
STOPS: Final = (ContentChanged, ContentMismatch, EarlierMonthOpen, MonthBusy, NotApproved, NotClosed, WrongState)
log = structlog.get_logger(__name__)
State = MonthWork.State


class Outcome(StrEnum):
    DONE = "done"
    STOPPED = "stopped"
    NOTHING_DUE = "nothing_due"


def do_next(*, now: Callable[[], datetime]) -> Outcome:
    """Do what has waited longest. `now` is asked when it begins and again when it ends, because it may take an hour.

    A worker that dies leaves a lease that runs out; closing goes on where it stopped. What a check finds, and what
    stops a close, is kept in the row; a fault is too, and then raised.
    """
    work = _lease()
    if work is None:
        return Outcome.NOTHING_DUE
    problem = ""
    try:
        # What is being closed already has passed its checks: it is finished whatever they would say now.
        if not _is_closing(work):
            work.found = _checked(work.period_id)
        if work.kind == MonthWork.Kind.CLOSE:
            if any(item["count"] for item in work.found or ()):
                problem = "Something keeps the month open, as the list says. It is as it was."
            else:
                close_month(yyyymm=work.period_id, now=now())
    except STOPS as stop:
        problem = f"{str(stop).rstrip('.')}."
    except Exception as fault:
        _finish(work, f"It could not be done: {type(fault).__name__}.", now())
        raise
    return _finish(work, problem, now())


def _lease() -> MonthWork | None:
    wall = clock.wall_now()
    due = Q(state=State.WAITING) | Q(state=State.RUNNING, lease_until__lt=wall)
    with transaction.atomic():
        work = MonthWork.objects.select_for_update(skip_locked=True).filter(due).order_by("id").first()
        if work is not None:
            work.state, work.lease_until = State.RUNNING, wall + LEASE
            work.save(update_fields=["state", "lease_until"])
    return work


def _is_closing(work: MonthWork) -> bool:
    return Period.objects.filter(pk=work.period_id, state=Period.State.CLOSING).exists()


def _checked(yyyymm: int) -> list[dict[str, Any]]:
    """Each check's name, how much it found, the first of it, and its figures."""
    return [{"name": check.name} | _found(check, yyyymm) for check in month_checks.registered()]


def _found(check: month_checks.MonthCheck, yyyymm: int) -> dict[str, Any]:
    """One that cannot be run counts as one that found something."""
    first: list[str] = []
    count, figures = 0, None
    try:
        for finding in check.find(yyyymm):
            if isinstance(finding, month_checks.Figures):
                figures = {"head": finding.head, "rows": finding.rows}
                continue
            count += 1
            if count <= FINDINGS_MAX:
                first.append(finding)
    except Exception as error:
        log.exception("month_check_failed_to_run", month=yyyymm, check=check.name)
        return {"count": 1, "findings": [f"this check could not be run: {type(error).__name__}"]}
    return {"count": count, "findings": first} | ({"figures": figures} if figures else {})


def _finish(work: MonthWork, problem: str, now: datetime) -> Outcome:
    work.state = State.STOPPED if problem else State.DONE
    work.problem, work.finished_at, work.lease_until = problem[:300], now, None
    work.save(update_fields=["state", "problem", "found", "finished_at", "lease_until"])
    log.info("month_work_finished", month=work.period_id, kind=work.kind, state=work.state)
    return Outcome.STOPPED if problem else Outcome.DONE
