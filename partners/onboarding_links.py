"""The link that a partner gets by mail: ours, unguessable, good for a month, and dead with the account.

Stripe's own links live for minutes and one visit, so they are made when somebody is there to follow them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.core import signing
from django.urls import reverse

from partners.models import PartnerAccount

SALT: Final = "partners.onboarding"
GOOD_FOR: Final = timedelta(days=30)


def token_of(account: PartnerAccount) -> str:
    return signing.dumps(account.pk, salt=SALT)


def account_by(token: str) -> PartnerAccount | None:
    """The account that a link is about, while both are good."""
    try:
        pk = signing.loads(token, salt=SALT, max_age=GOOD_FOR)
    except signing.BadSignature:
        return None
    return PartnerAccount.objects.filter(pk=pk, state=PartnerAccount.State.MADE).select_related("partner").first()


def address_of(account: PartnerAccount) -> str:
    return settings.BASE_URL + reverse("partners:onboarding", args=[token_of(account)])
