"""Everybody who could approve hears of a role that was asked for, given or taken."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from people.models import RoleGrant, User
from people.operations.queue_mail import queue_mail


def tell_of_role(grant: RoleGrant, what: str, words: str, *, to: Collection[str], now: datetime) -> None:
    """`what` happened to it, told once to each holder of one of the roles and to whom it concerns.

    Call it inside the transaction of what it tells.
    """
    told = User.objects.filter(is_active=True, groups__name__in=to).distinct()
    for email in sorted({grant.user.email, *told.values_list("email", flat=True)}):
        queue_mail(
            key=f"role:{grant.pk}:{what}:{email}",
            to=email,
            subject="A role on the desk",
            template="people/mail/role",
            context={"words": words},
            now=now,
        )
