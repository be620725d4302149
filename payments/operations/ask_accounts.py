"""Connected accounts are looked at, because an event may be lost: one when somebody asks, all of them by and by."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from payments.gateway import StripeRefused, StripeUnavailable
from payments.models import ConnectedAccount
from payments.operations.find_left_behind import ASK_BANK_AGAIN_AFTER, LONGEST_NOT_ASKED, STEP_FOR_S, asked, each
from payments.operations.follow_object import follow_object
from payments.readers.accounts import read_account
from people import clock

ASK_CLOSED_AGAIN_AFTER: Final = timedelta(days=1)
__all__ = ["StripeRefused", "StripeUnavailable", "ask_account", "ask_accounts"]


def ask_account(*, account_id: str, now: datetime) -> None:
    """Look at one account now. Never inside a transaction. Raises StripeUnavailable, StripeRefused."""
    follow_object(reader=read_account, object_id=account_id, at=now, now=now)


def ask_accounts(*, now: datetime, work_for_s: float = STEP_FOR_S) -> int:
    """Accounts that nobody asked about for an hour, and closed ones for a day. Returns how many answered.

    To a key of another account of ours Stripe says of each that it is gone: with the right key they are open again.
    After `work_for_s` none is begun.
    """
    wall = clock.wall_now()
    waited = Q(asked_at__isnull=True) | Q(asked_at__lt=wall - ASK_BANK_AGAIN_AFTER)
    waited_long = Q(asked_at__isnull=True) | Q(asked_at__lt=wall - ASK_CLOSED_AGAIN_AFTER)
    due = ConnectedAccount.objects.filter(Q(waited, is_closed=False) | Q(waited_long, is_closed=True))
    due = due.order_by(LONGEST_NOT_ASKED)
    return each(due, asked, lambda account: ask_account(account_id=account.account_id, now=now), work_for_s)
