"""A partner hears by mail of a payout on its way, and of any change of where its payouts go."""

from __future__ import annotations

from datetime import datetime

from partners.models import PartnerPayout, PayoutDestination
from people.operations.queue_mail import queue_mail


def tell_of_change(destination: PayoutDestination, now: datetime) -> None:
    """Say that a new destination waits for a call; nothing where the partner has no address for it."""
    if destination.partner.remittance_email:
        queue_mail(
            key=f"{destination.approval_subject}:entered",
            to=destination.partner.remittance_email,
            subject="Your payouts are to go somewhere else",
            template="partners/mail/destination",
            context={"destination": destination, "partner": destination.partner},
            now=now,
        )


def tell_of_payout(payout: PartnerPayout, attempt: int, now: datetime) -> None:
    """Say what is on its way and by which reference the partner finds it."""
    if payout.partner.remittance_email:
        queue_mail(
            key=f"{payout.ref}:{attempt}:on_its_way",
            to=payout.partner.remittance_email,
            subject=f"A payment is on its way to {payout.partner.name}",
            template="partners/mail/remittance",
            context={"payout": payout, "partner": payout.partner, "items": payout.items.count()},
            now=now,
        )
