"""A partner hears by mail where it can answer Stripe's questions."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from partners.models import PartnerAccount
from partners.onboarding_links import address_of
from people.operations.queue_mail import queue_mail


class NoAddress(Exception):
    """The partner has neither a contact nor an address for remittances."""


@transaction.atomic
def send_onboarding(*, account: PartnerAccount, now: datetime) -> int:
    """Send our link to each contact of the partner, or to its address for remittances; returns to how many.

    Nobody of us sees the link. Sent again in the same minute, it is the same mail. Raises NoAddress.
    """
    partner = account.partner
    contacts = list(partner.contacts.filter(user__is_active=True).values_list("user__email", flat=True))
    addresses = contacts or ([partner.remittance_email] if partner.remittance_email else [])
    if not addresses:
        raise NoAddress(f"{partner} has no contact and no address for remittances: add one in Records first.")
    for place, address in enumerate(addresses):
        queue_mail(
            key=f"{account.ref}:onboarding:{now:%Y%m%d%H%M}:{place}",
            to=address,
            subject=f"Tell Stripe where {partner.name} is to be paid",
            template="partners/mail/onboarding",
            context={"partner": partner, "address": address_of(account)},
            now=now,
        )
    return len(addresses)
