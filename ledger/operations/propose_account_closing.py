"""The closing of an account waits for a second person."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ledger.closing import NoSuchAccount, NotWaiting, ask_for_approval, close_account_subject
from people.models import Approval, User


@transaction.atomic
def propose_account_closing(*, account_id: int, by: User, now: datetime) -> Approval:
    """Ask a second person to approve that an account takes no more postings.

    Raises NoSuchAccount, AlreadyApproved.
    """
    try:
        return ask_for_approval(close_account_subject(account_id), by=by, now=now)
    except NotWaiting as error:
        raise NoSuchAccount(f"there is no account {account_id}") from error
