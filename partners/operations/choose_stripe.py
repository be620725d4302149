"""A partner is to be paid into an account at Stripe: the account is asked for, and later entered as a destination."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.db import transaction

from partners.models import Partner, PartnerAccount, PayoutDestination
from partners.operations.follow_account import enter_account
from people.models import User


class Outcome(StrEnum):
    ASKED = "asked"
    ALREADY_ASKED = "already_asked"
    ENTERED = "entered"
    ALREADY_ENTERED = "already_entered"


@transaction.atomic
def choose_stripe(*, partner_id: int, by: User, now: datetime) -> Outcome:
    """Ask for an account, or enter the one that is ready as where the partner is paid, by `by`, to be called back.

    `make_accounts` then asks Stripe, and the sweep does so by itself. Where the partner is paid until then does not
    change by asking: that takes its owner days, and perhaps never ends.
    """
    partner = Partner.objects.select_for_update().get(pk=partner_id)
    row = PartnerAccount.objects.filter(partner=partner, state__in=PartnerAccount.LIVE).first()
    if row is None:
        PartnerAccount.objects.create(partner=partner, asked_by=by, asked_at=now)
        return Outcome.ASKED
    if not row.takes_transfers:
        return Outcome.ALREADY_ASKED
    live = [PayoutDestination.State.PENDING, PayoutDestination.State.ACTIVE]
    same = partner.destinations.filter(stripe_account=row.stripe_account, fingerprint=row.bank_mark)
    if same.filter(state__in=live).exists():
        return Outcome.ALREADY_ENTERED
    enter_account(row, by=by, now=now)
    return Outcome.ENTERED
