"""A manual entry is in the books: a second person signed exactly its content."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from django.db import connection, transaction

from ledger.manual_entries import NotWaiting, SamePerson, current_hash, decide, post, waiting
from ledger.operations.post_entry import Posted
from people.approvers import check_approver, counts_as
from people.models import Approval, User
from people.money import format_minor

__all__ = ["ContentChanged", "NotWaiting", "SamePerson", "WriteOffLimit", "approve_manual_entry"]

WRITE_OFF_LIMIT_MINOR: Final = 500  # a month and currency (rules/ledger.md section 5 "Manual adjustment")
BOARD: Final = "board"

_WRITTEN_OFF: Final = """
SELECT coalesce(sum(p.amount_minor), 0)
  FROM ledger_posting p
  JOIN ledger_entry e ON e.id = p.entry_id
 WHERE e.kind = 'manual' AND p.currency = %(currency)s
   AND p.effective_date >= date_trunc('month', %(day)s::date)
   AND p.effective_date < date_trunc('month', %(day)s::date) + interval '1 month'
   AND EXISTS (SELECT FROM ledger_account a WHERE a.id IN (p.debit, p.credit) AND a.purpose = 'write_off')
"""


class ContentChanged(Exception):
    """The entry is not the one that the approver saw."""


class WriteOffLimit(Exception):
    """More would be written off in a month than two people may; somebody of the board has to approve."""


@transaction.atomic
def approve_manual_entry(*, manual_entry_id: int, by: User, content_hash: str, now: datetime) -> Posted:
    """Post the entry whose content hashes to `content_hash`, as the approver saw it (rules/ledger.md section 5).

    What is written off in a month by hand, in either direction, stays within WRITE_OFF_LIMIT_MINOR unless `by` holds
    the role of the board. Raises NotWaiting, SamePerson, MayNotApprove, ContentChanged, WriteOffLimit, MonthClosed, and
    what `post_entry` raises; then nothing has changed.
    """
    row, approval = waiting(manual_entry_id, by)
    check_approver(by=by, now=now)
    if not content_hash == current_hash(row, approval.reason) == approval.subject_hash:
        raise ContentChanged("The entry changed since you opened it. Read it again, then decide.")
    decide(approval, Approval.Decision.APPROVED, by, now)
    posted = post(row, by=by, now=now)
    row.entry_id = posted.entry_id
    row.save(update_fields=["entry"])
    if any("write_off" in line for line in row.postings) and not counts_as(BOARD, user=by, now=now):
        _refuse_beyond_limit(row.currency, posted.effective_on)
    return posted


def _refuse_beyond_limit(currency: str, day: date) -> None:
    """Two approvals at once wait for each other here, so that the second counts the first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(7102, 0)")
        cursor.execute(_WRITTEN_OFF, {"currency": currency, "day": day})
        written_off = int(cursor.fetchone()[0])
    if written_off > WRITE_OFF_LIMIT_MINOR:
        raise WriteOffLimit(
            f"{format_minor(written_off, currency)} would be written off in {day:%B %Y}; "
            f"above {format_minor(WRITE_OFF_LIMIT_MINOR, currency)} somebody of the board has to approve."
        )
