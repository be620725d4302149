"""What the console changes alone, and payouts hang on, is heard of by those whom it could deceive."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from partners.models import Partner, PayoutPolicy
from people.approvers import APPROVING
from people.models import User
from people.operations.queue_mail import queue_mail


def tell_of_address(partner: Partner, *, was: str, now: datetime) -> None:
    """The address that was told of payouts so far is told that another one is from now on.

    Otherwise whoever changes it first, and then the destination, alone would hear of the new destination (reliability
    row 78). Nothing where there was none. Call it inside the transaction of the change.
    """
    if was and was != partner.remittance_email:
        queue_mail(
            key=f"partner:{partner.pk}:remittance:{now.isoformat()}",
            to=was,
            subject=f"You are told no more of payouts to {partner.name}",
            template="partners/mail/address",
            context={"partner": partner, "is_moved": bool(partner.remittance_email)},
            now=now,
        )


def tell_of_policy(policy: PayoutPolicy, *, was: Mapping[str, int], by_name: str, now: datetime) -> None:
    """Every approver is told by whom and how the rules of payouts were changed, such as a wait that is gone.

    `was` holds each field's value before. Call it inside the transaction of the change.
    """
    changed = [
        (name.replace("_", " "), before, getattr(policy, name))
        for name, before in was.items()
        if before != getattr(policy, name)
    ]
    told = (
        User.objects.filter(is_active=True, groups__name__in=APPROVING).distinct() if changed else User.objects.none()
    )
    for email in told.order_by("email").values_list("email", flat=True):
        queue_mail(
            key=f"payout_policy:{now.isoformat()}:{email}",
            to=email,
            subject="The rules of payouts were changed",
            template="partners/mail/policy",
            context={"changed": changed, "by_name": by_name},
            now=now,
        )
