"""A second person has approved that a month is closed or reopened, or an account closed, exactly as it stands."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ledger.closing import ContentChanged, current_hash, decide, waiting_for
from people.approvers import check_approver
from people.models import Approval, User


@transaction.atomic
def approve_change(*, subject: str, by: User, content_hash: str, now: datetime) -> Approval:
    """Approve what waits under `subject` ("ledger:close:202610") with the content that the approver saw.

    Nothing is closed or reopened by this: `close_month`, `reopen_month` and `close_account` do it and look at the
    content once more. Raises NotWaiting, SamePerson, MayNotApprove, ContentChanged.
    """
    approval = waiting_for(subject, by)
    check_approver(by=by, now=now)
    if not content_hash == approval.subject_hash == current_hash(subject):
        raise ContentChanged(f"{subject} changed since it was proposed: propose it again")
    decide(approval, Approval.Decision.APPROVED, by=by, now=now)
    return approval
