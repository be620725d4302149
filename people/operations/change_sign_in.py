"""How somebody signs in has changed: their sessions end, they are told, and their approvals count a week later."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from people.approvers import COUNTS_AFTER
from people.models import RoleGrant, User
from people.operations.queue_mail import queue_mail


@transaction.atomic
def change_address(*, user: User, email: str, by: User, now: datetime) -> None:
    """Sign-in codes go to `email` from now on; the old address is told (rules/reliability.md row 77).

    The change was made by somebody else, and whoever reads the new address signs in as `user`: as an approver they
    count after seven days (row 78).
    """
    old = user.email
    user.email = email.strip().lower()
    user.save(update_fields=["email"])
    EmailAddress.objects.filter(user=user).delete()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    _start_anew(user, now)
    words = f"{by} changed the address with which you sign in here. Codes go to the new one; you were signed out."
    _tell(user, old, "Your sign-in address was changed", words, now)


@transaction.atomic
def remove_second_factor(*, user: User, by: User, now: datetime) -> None:
    """They lost it, and enrol another when they sign in next; they are told, because it may not have been them."""
    Authenticator.objects.filter(user=user).delete()
    _start_anew(user, now)
    words = f"{by} removed your second factor. When you sign in next you set up another."
    _tell(user, user.email, "Your second factor was removed", words, now)


def _start_anew(user: User, now: datetime) -> None:
    user.set_unusable_password()  # a new one: every session rests on its hash and ends
    user.save(update_fields=["password"])
    later: Any = Greatest(F("counts_from"), now + COUNTS_AFTER)
    RoleGrant.objects.filter(user=user, granted_at__isnull=False, ended_at__isnull=True).update(counts_from=later)


def _tell(user: User, to: str, subject: str, words: str, now: datetime) -> None:
    queue_mail(
        key=f"sign-in:{user.pk}:{now.isoformat()}",
        to=to,
        subject=subject,
        template="people/mail/sign_in",
        context={"words": words},
        now=now,
    )
