"""Somebody goes to Stripe's questions about a partner's account, and it is written down who."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction

from partners.models import OnboardingLink, PartnerAccount
from payments.operations.link_account import StripeRefused, StripeUnavailable, link_account
from people.models import User

__all__ = ["NoAccount", "StripeRefused", "StripeUnavailable", "account_of", "open_onboarding"]


class NoAccount(Exception):
    """The partner has no account at Stripe (yet)."""


def account_of(partner_id: int) -> PartnerAccount:
    """The partner's account that is there. Raises NoAccount."""
    try:
        return PartnerAccount.objects.select_related("partner").get(
            partner_id=partner_id, state=PartnerAccount.State.MADE
        )
    except ObjectDoesNotExist as error:
        raise NoAccount("This partner has no account at Stripe yet.") from error


def open_onboarding(
    *, account: PartnerAccount, by: User | None, refresh_url: str, return_url: str, now: datetime
) -> str:
    """The address of a fresh link for one visit within minutes. `by` nobody: the partner, from the link it was sent.

    Our row comes first, so that whoever of us has seen the questions is known before the answers are. Never inside a
    transaction (RuntimeError). Raises StripeUnavailable, StripeRefused.
    """
    with transaction.atomic(durable=True):
        link = OnboardingLink.objects.create(account=account, made_by=by, made_at=now)
    return link_account(
        subject=account.ref,
        account_id=account.stripe_account,
        refresh_url=refresh_url,
        return_url=return_url,
        attempt_key=str(link),
        now=now,
    )
