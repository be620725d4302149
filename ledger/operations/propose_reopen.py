"""The reopening of a closed month waits for a second person."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ledger.closing import LaterMonthClosed, WrongState, ask_for_approval, reopen_subject, state_of
from ledger.models import Period
from people.models import Approval, User


@transaction.atomic
def propose_reopen(*, yyyymm: int, by: User, now: datetime, reason: str = "") -> Approval:
    """Ask a second person to approve that the latest closed month is reopened; the hash covers its closing.

    Raises NoSuchMonth, WrongState, LaterMonthClosed, AlreadyApproved.
    """
    state = state_of(yyyymm)
    if state != Period.State.CLOSED:
        raise WrongState(f"month {yyyymm} is {state}, not closed")
    later = Period.objects.filter(yyyymm__gt=yyyymm, state__in=[Period.State.CLOSING, Period.State.CLOSED]).first()
    if later is not None:
        raise LaterMonthClosed(f"month {yyyymm} is not the latest one that is closed: {later.pk} comes after it")
    return ask_for_approval(reopen_subject(yyyymm), by=by, now=now, reason=reason)
