"""Somebody has a role because the owner of the database said so: the first persons of a new installation."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import Group
from django.db import transaction

from people.access import ROLES
from people.approvers import COUNTS_AFTER
from people.models import Approval, RoleGrant, User


class NoSuchRole(ValueError):
    """There is no role of this name."""


@transaction.atomic
def appoint(*, user: User, role: str, now: datetime) -> RoleGrant:
    """Give `role` without a second person; the one they hold already is returned as it is.

    Until the first approval is given nobody could approve a role, so whoever is appointed by then counts at once; later
    it takes seven days, as any role does (decision 20). The database lets only its owner do this, which the
    web and worker processes are not. Raises NoSuchRole.
    """
    if role not in ROLES:
        raise NoSuchRole(f"There is no role {role!r}: {', '.join(ROLES)}.")
    live = RoleGrant.objects.select_for_update().filter(user=user, role=role, ended_at__isnull=True).first()
    if live is not None and live.granted_at:
        return live
    if live is not None:  # somebody asked for it: the owner's word overtakes the question
        Approval.objects.filter(subject=live.approval_subject, decision=Approval.Decision.WAITING).update(
            decision=Approval.Decision.VOID, decided_at=now
        )
        live.ended_at = now
        live.save(update_fields=["ended_at"])
    founding = not Approval.objects.filter(decision=Approval.Decision.APPROVED).exists()
    grant = RoleGrant.objects.create(
        user=user,
        role=role,
        requested_at=now,
        granted_at=now,
        counts_from=now if founding else now + COUNTS_AFTER,
    )
    user.groups.add(Group.objects.get_or_create(name=role)[0])
    return grant
