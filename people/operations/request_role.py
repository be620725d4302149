"""Somebody asks that a member of staff gets a role; it is theirs once another person agrees."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from people.access import ROLES
from people.approvers import APPROVING
from people.models import Approval, RoleGrant, User
from people.operations.tell_of_role import tell_of_role


class NotAskable(ValueError):
    """This role cannot be asked for: the person has it, or it is asked for already, or is no member of staff."""


@transaction.atomic
def request_role(*, user: User, role: str, by: User, reason: str, now: datetime) -> RoleGrant:
    """Ask for `role`; whoever could approve it is told by mail. Raises NotAskable.

    Who holds an approving role, or is a superuser, may ask: that is the door's to check.
    """
    if role not in ROLES:
        raise NotAskable(f"There is no role {role!r}.")
    if not (user.is_active and user.is_staff):
        raise NotAskable(f"{user} is no member of staff. Make them one in the records first.")
    try:
        with transaction.atomic():
            grant = RoleGrant.objects.create(user=user, role=role, requested_by=by, requested_at=now)
    except IntegrityError:
        raise NotAskable(f"{user} is {role}, or somebody has asked for it already.") from None
    Approval.objects.create(
        subject=grant.approval_subject,
        subject_hash=grant.content_hash,
        reason=reason,
        requested_by=by,
        requested_at=now,
    )
    tell_of_role(grant, "asked", f"{by} asks that {user} becomes {role}.", to=APPROVING, now=now)
    return grant
