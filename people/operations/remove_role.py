"""Somebody holds a role no longer, from this moment on."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from people.approvers import APPROVING
from people.models import Approval, RoleGrant, User
from people.operations.tell_of_role import tell_of_role


@transaction.atomic
def remove_role(*, grant_id: int, by: User, now: datetime) -> RoleGrant:
    """Take a role away, or a question for one back. One person does this, at once; one that ended before stays so.

    The doors ask for the role on each request, so a page that is open is shut with it (reliability.md row 77).
    """
    grant = RoleGrant.objects.select_for_update(of=("self",)).select_related("user").get(pk=grant_id)
    if grant.ended_at:
        return grant
    Approval.objects.filter(subject=grant.approval_subject, decision=Approval.Decision.WAITING).update(
        decision=Approval.Decision.VOID, decided_at=now
    )
    grant.ended_at, grant.ended_by = now, by
    grant.save(update_fields=["ended_at", "ended_by"])
    if grant.granted_at:
        words = f"{grant.user} is {grant.role} no longer: {by} took the role away."
        tell_of_role(grant, "taken", words, to=APPROVING, now=now)
    return grant


def remove_all_roles(*, user: User, by: User, now: datetime) -> int:
    """Every role that somebody holds or was asked for, as when they leave; how many there were."""
    grants = list(RoleGrant.objects.filter(user=user, ended_at__isnull=True).values_list("pk", flat=True))
    for pk in grants:
        remove_role(grant_id=pk, by=by, now=now)
    return len(grants)
