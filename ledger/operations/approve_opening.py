"""The books begin: a second person signed exactly these balances, and they are posted."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ledger.models import Opening
from ledger.openings import ContentChanged, NotWaiting, SamePerson, current_hash, decide, post, waiting
from people.approvers import check_approver
from people.models import Approval, User

__all__ = ["ContentChanged", "NotWaiting", "SamePerson", "approve_opening"]


@transaction.atomic
def approve_opening(*, opening_id: int, by: User, content_hash: str, now: datetime) -> Opening:
    """Post the balances that hash to `content_hash`, as the approver saw them, on the day before the books begin.

    Raises NotWaiting, SamePerson, MayNotApprove, ContentChanged, MonthClosed, and what `post_entries` raises; then
    nothing has changed.
    """
    row = Opening.objects.select_for_update().get(pk=opening_id)
    approval = waiting(row.ref, by=by)
    check_approver(by=by, now=now)
    if not content_hash == current_hash(row) == approval.subject_hash:
        raise ContentChanged("The balances changed since you opened them. Read them again, then decide.")
    decide(approval, Approval.Decision.APPROVED, by, now)
    post(row, by=by, now=now)
    row.state = Opening.State.POSTED
    row.save(update_fields=["state"])
    return row
