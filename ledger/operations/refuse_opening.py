"""Opening balances, or taking them back, are refused with a reason; they can be proposed again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ledger.models import Opening
from ledger.openings import ReasonMissing, decide, waiting
from people.models import Approval, User


@transaction.atomic
def refuse_opening(*, opening_id: int, by: User, words: str, now: datetime) -> Opening:
    """Refuse what waits of this opening; the words are kept below the proposer's.

    A refused proposal makes room for another one; a refused reversal leaves the balances in the books. Raises
    ReasonMissing, NotWaiting, SamePerson.
    """
    if not words.strip():
        raise ReasonMissing("Say why, so that the next proposal can be right.")
    row = Opening.objects.select_for_update().get(pk=opening_id)
    proposed = row.state == Opening.State.WAITING
    approval = waiting(row.ref if proposed else row.reversal_ref, by=by)
    approval.reason = f"{approval.reason}\n\nRefused: {words.strip()}"
    decide(approval, Approval.Decision.REFUSED, by, now)
    if proposed:
        row.state, row.stands = Opening.State.REFUSED, None
        row.save(update_fields=["state", "stands"])
    return row
