"""A month is closed: what it holds is sealed and summed, and no balance as of its end changes any more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from ledger.anchors import tell_close
from ledger.closing import call, call_in_transaction, state_of
from ledger.models import Period
from ledger.operations.publish_proofs import NotClosed, publish_proofs
from ledger.operations.seal_entries import seal_entries

Check = Callable[[int], Iterable[str]]


class ChecksFailed(Exception):
    """The month is not ready; `findings` holds one sentence for each thing that is wrong."""

    def __init__(self, findings: Sequence[str]) -> None:
        self.findings = tuple(findings)
        super().__init__(f"{len(self.findings)} found, first: {self.findings[0]}")


@dataclass(frozen=True, slots=True)
class Closed:
    """How a month stands closed: all it holds is sealed at `through_seq` or before; the chain's hash there."""

    yyyymm: int
    event_id: int
    through_seq: int
    closing_hash: bytes


def close_month(*, yyyymm: int, now: datetime, checks: Sequence[Check] = ()) -> Closed:
    """Close a softly closed month that a second person approved (rules/sealing.md "Closer"; approve_change).

    `checks` are what the other packages want of a month, each check(202610) yielding sentences; any finding stops it.
    Earlier months that hold nothing are closed along with it. Four steps, each in a transaction of its own; run
    again after a crash, it finishes. A closed month gives back how it stands.

    Raises NoSuchMonth, ChecksFailed, NotApproved, ContentChanged, WrongState, EarlierMonthOpen, MonthBusy,
    ContentMismatch; NotClosed when somebody reopens it before its proofs are published, which the next close does.
    """
    if state_of(yyyymm) not in (Period.State.CLOSING, Period.State.CLOSED):
        _run(checks, yyyymm)
        # A. From here no entry of the month can appear.
        call("ledger_begin_close", yyyymm, now)
    # B. All that the month holds is sealed.
    while _something_waits(yyyymm):
        seal_entries()
    # C. Its balances are kept, with the hash of the chain that they rest on, and somebody outside is told.
    with transaction.atomic(durable=True):
        fresh = call_in_transaction("ledger_finish_close", yyyymm, now)
        closed = current_close(yyyymm)
        if fresh:
            tell_close(closed.yyyymm, closed.event_id, closed.through_seq, closed.closing_hash, now=now)
    # D. The partners' shares of it are bound under roots that anybody can be shown; once, however often it is closed.
    publish_proofs(yyyymm=yyyymm, now=now)
    return closed


def current_close(yyyymm: int) -> Closed:
    """How a closed month stands; raises NotClosed."""
    closed = current_closes([yyyymm]).get(yyyymm)
    if closed is None:
        raise NotClosed(f"month {yyyymm} is not closed")
    return closed


def current_closes(months: Iterable[int]) -> dict[int, Closed]:
    """How those of the months stand that are closed: {202610: Closed}. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT yyyymm, event_id, through_seq, closing_hash FROM ledger_close WHERE yyyymm = ANY(%s)",
            [list(months)],
        )
        rows = cursor.fetchall()
    return {yyyymm: Closed(yyyymm, event_id, seq, bytes(closing_hash)) for yyyymm, event_id, seq, closing_hash in rows}


def _run(checks: Sequence[Check], yyyymm: int) -> None:
    findings = [finding for check in checks for finding in check(yyyymm)]
    if findings:
        raise ChecksFailed(findings)


def _something_waits(yyyymm: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT EXISTS (SELECT FROM ledger_unsealed u JOIN ledger_entry e ON e.id = u.entry_id
                            WHERE e.effective_date <= ledger_month_end(%s))
            """,
            [yyyymm],
        )
        return bool(cursor.fetchone()[0])
