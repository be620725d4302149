"""A role that was asked for is granted, or refused, by a second person."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import Group
from django.db import transaction

from people.approvers import APPROVING, COUNTS_AFTER, check_approver
from people.models import Approval, RoleGrant, User
from people.operations.tell_of_role import tell_of_role


class NotWaiting(Exception):
    """Nobody asks for this role (any more)."""


class NotYours(Exception):
    """Who asked for a role, or would get it, does not decide on it."""


class ReasonMissing(ValueError):
    """A refusal says why."""


@transaction.atomic
def approve_role(*, grant_id: int, by: User, now: datetime) -> RoleGrant:
    """Give the role; as an approver its holder counts after seven days. Everybody who approves is told.

    Raises NotWaiting, NotYours, MayNotApprove; then nothing has changed.
    """
    grant, approval = _waiting(grant_id, by)
    check_approver(by=by, now=now)
    _decide(approval, Approval.Decision.APPROVED, by, now)
    grant.granted_at, grant.counts_from = now, now + COUNTS_AFTER
    grant.save(update_fields=["granted_at", "counts_from"])
    grant.user.groups.add(Group.objects.get_or_create(name=grant.role)[0])
    words = f"{grant.user} is {grant.role} now: {grant.requested_by} asked, {by} approved."
    tell_of_role(grant, "given", words, to=APPROVING, now=now)
    return grant


@transaction.atomic
def refuse_role(*, grant_id: int, by: User, reason: str, now: datetime) -> RoleGrant:
    """Refuse it, with a reason. Raises ReasonMissing, NotWaiting, NotYours."""
    if not reason.strip():
        raise ReasonMissing("Say why.")
    grant, approval = _waiting(grant_id, by)
    approval.reason = reason.strip()
    _decide(approval, Approval.Decision.REFUSED, by, now)
    grant.ended_at, grant.ended_by = now, by
    grant.save(update_fields=["ended_at", "ended_by"])
    return grant


def _waiting(grant_id: int, by: User) -> tuple[RoleGrant, Approval]:
    grant = RoleGrant.objects.select_for_update(of=("self",)).select_related("user", "requested_by").get(pk=grant_id)
    waiting = Approval.objects.filter(subject=grant.approval_subject, decision=Approval.Decision.WAITING).first()
    if grant.granted_at or grant.ended_at or waiting is None or waiting.subject_hash != grant.content_hash:
        raise NotWaiting("Nobody asks for this any more.")
    if by.pk in (grant.user_id, grant.requested_by_id):
        raise NotYours("You asked for this role or would get it: another person decides.")
    return grant, waiting


def _decide(approval: Approval, decision: Approval.Decision, by: User, now: datetime) -> None:
    approval.decision, approval.decided_by, approval.decided_at = decision, by, now
    approval.save(update_fields=["decision", "decided_by", "decided_at", "reason"])
