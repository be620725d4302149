"""The closing of a month waits for a second person."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from ledger.closing import EarlierMonthOpen, WrongState, ask_for_approval, close_subject, state_of
from ledger.models import Period
from people.models import Approval, User


@transaction.atomic
def propose_close(*, yyyymm: int, by: User, now: datetime, reason: str = "") -> Approval:
    """Ask a second person to approve a softly closed month as it stands; its hash covers what every account moved.

    An entry by hand that comes after it makes the approval void: propose again. Raises NoSuchMonth, WrongState,
    EarlierMonthOpen, AlreadyApproved.
    """
    state = state_of(yyyymm)
    if state != Period.State.SOFT_CLOSED:
        raise WrongState(f"month {yyyymm} is {state}: close it softly first")
    earlier = _earlier_with_entries(yyyymm)
    if earlier is not None:
        raise EarlierMonthOpen(f"month {earlier} is not closed and comes before {yyyymm}")
    return ask_for_approval(close_subject(yyyymm), by=by, now=now, reason=reason)


def _earlier_with_entries(yyyymm: int) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT min(yyyymm) FROM ledger_period
             WHERE yyyymm < %s AND state <> 'closed' AND ledger_month_has_entries(yyyymm)
            """,
            [yyyymm],
        )
        found: int | None = cursor.fetchone()[0]
    return found
