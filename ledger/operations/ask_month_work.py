"""A worker is to check a month, or to close it; nobody waits for that with a page open."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction

from ledger.closing import NotApproved, close_subject, state_of, unused_approval
from ledger.models import MonthWork, Period
from people.models import User
from people.wake import wake

TASK: Final = "ledger.tasks.do_month_work"
ACTIVE: Final = (MonthWork.State.WAITING, MonthWork.State.RUNNING)


def ask_month_work(*, yyyymm: int, kind: MonthWork.Kind, by: User, now: datetime) -> MonthWork:
    """Write the work down and tell a worker; while something is being done for the month, that row comes back.

    Raises NoSuchMonth; NotApproved when a month is to be closed that no second person has approved.
    """
    state = state_of(yyyymm)
    if kind == MonthWork.Kind.CLOSE and state != Period.State.CLOSING and not unused_approval(close_subject(yyyymm)):
        raise NotApproved(f"month {yyyymm} is not approved by a second person")
    try:
        with transaction.atomic():
            work = MonthWork.objects.create(period_id=yyyymm, kind=kind, asked_by=by, asked_at=now)
            wake(TASK)
            return work
    except IntegrityError:
        active = MonthWork.objects.filter(period=yyyymm, state__in=ACTIVE).first()
        # Done in this very moment: what was asked for is asked again.
        return active or ask_month_work(yyyymm=yyyymm, kind=kind, by=by, now=now)
