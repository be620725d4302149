"""Opening balances are taken back by two people, and others can be proposed."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ledger.models import Opening
from ledger.openings import ContentChanged, NotWaiting, ReasonMissing, current_hash, decide, reversals_of, waiting
from ledger.operations.post_entry import post_entries
from people.approvers import check_approver
from people.models import Approval, User


@transaction.atomic
def propose_opening_reversal(*, opening_id: int, words: str, by: User, now: datetime) -> Approval:
    """Ask a second person to take the balances back. Raises ReasonMissing, NotWaiting unless they are in the books."""
    if not words.strip():
        raise ReasonMissing("Say why they are wrong.")
    row = Opening.objects.select_for_update().get(pk=opening_id)
    asked = Approval.objects.filter(subject=row.reversal_ref, decision=Approval.Decision.WAITING)
    if row.state != Opening.State.POSTED or asked.exists():
        raise NotWaiting(f"{row.ref} is not in the books, or somebody asked already to take it back.")
    return Approval.objects.create(
        subject=row.reversal_ref,
        subject_hash=current_hash(row),
        reason=words.strip(),
        requested_by=by,
        requested_at=now,
    )


@transaction.atomic
def reverse_opening(*, opening_id: int, by: User, content_hash: str, now: datetime) -> Opening:
    """Post the reversal that was asked for, on the same day while its month takes it, else on the first day that does.

    Raises NotWaiting, SamePerson, MayNotApprove, ContentChanged, and what `post_entries` raises; then nothing has
    changed.
    """
    row = Opening.objects.select_for_update().get(pk=opening_id)
    approval = waiting(row.reversal_ref, by=by)
    check_approver(by=by, now=now)
    if not content_hash == current_hash(row) == approval.subject_hash:
        raise ContentChanged("The balances are not those that you opened. Read them again, then decide.")
    decide(approval, Approval.Decision.APPROVED, by, now)
    post_entries(reversals_of(row, actor=f"user:{by.pk}"), now=now)
    row.state, row.stands = Opening.State.REVERSED, None
    row.save(update_fields=["state", "stands"])
    return row
