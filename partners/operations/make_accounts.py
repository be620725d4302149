"""Accounts that were asked for are asked for at Stripe, each at most once."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import structlog

from partners.models import PartnerAccount
from payments.models import UNFINISHED_CALLS, StripeCall
from payments.operations.make_account import AccountRequest, StripeRefused, StripeUnavailable, make_account

KIND: Final = "partner_account"
TASK: Final = "partners.tasks.make_accounts"
COUNTRY: Final = "us"
log = structlog.get_logger(__name__)


def make_accounts(*, now: datetime) -> int:
    """Ask Stripe for each account that waits; returns how many have an answer.

    Safe at any time and by any number of workers. A call that has no answer yet is looked for by payments until it is
    known. One that has its answer is not sent again: the answer had not reached the row, and is told once more.
    Never inside a transaction.
    """
    waiting = list(PartnerAccount.objects.filter(state=PartnerAccount.State.ASKED).select_related("partner"))
    calls = StripeCall.objects.filter(subject__in=[row.ref for row in waiting], purpose="make_account")
    unknown = set(calls.filter(state__in=UNFINISHED_CALLS).values_list("subject", flat=True))
    return sum(make_one(row, now=now) for row in waiting if row.ref not in unknown)


def make_one(row: PartnerAccount, *, now: datetime) -> bool:
    """Ask for one account under its own key; whether there is an answer."""
    request = AccountRequest(
        kind=KIND,
        subject=row.ref,
        name=row.partner.name,
        email=row.partner.remittance_email,
        country=COUNTRY,
        attempt_key=row.ref,
    )
    try:
        make_account(request=request, now=now)
    except StripeRefused as refusal:
        log.warning("partner_account_refused", account=row.pk, code=refusal.code)
    except StripeUnavailable:
        return False
    except Exception:  # it is tried again with every sweep, and keeps no other partner waiting
        log.exception("partner_account_not_made", account=row.pk)
        return False
    return True
