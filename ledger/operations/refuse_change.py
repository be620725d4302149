"""A second person has refused that a month is closed or reopened, or an account closed."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ledger.closing import decide, to_refuse
from people.models import Approval, User


class ReasonMissing(ValueError):
    """A refusal says why."""


@transaction.atomic
def refuse_change(*, subject: str, by: User, reason: str, now: datetime) -> Approval:
    """Refuse what waits under `subject` ("ledger:close:202610"), or take back an approval that was not used.

    The approval stays on record; this is the later word and counts. Raises ReasonMissing, NotWaiting, SamePerson.
    """
    if not reason.strip():
        raise ReasonMissing("Say why, so that the next proposal can be right.")
    approval = to_refuse(subject, by)
    decide(approval, Approval.Decision.REFUSED, by=by, now=now, reason=reason.strip())
    return approval
