"""Whose approval counts: who has had an approving role for seven days (rules/reliability.md row 78).

Whoever gets hold of an account that may give roles can then not approve money with it on the same day: the others,
who were told of the new role by mail, have a week to take it away. The database refuses such an approval too
(migration 0004 of people).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from people.models import RoleGrant, User
from people.queries import local_day

COUNTS_AFTER: Final = timedelta(days=7)
APPROVING: Final = ("finance approver", "board")


class MayNotApprove(Exception):
    """Who would approve does not hold the role, or not for long enough; `str(error)` says which and until when."""


def check_approver(*, by: User, now: datetime, roles: Collection[str] = APPROVING) -> None:
    """Raise MayNotApprove unless `by` has held one of `roles` for seven days. Call it where an approval is decided."""
    held = RoleGrant.objects.filter(user=by, role__in=roles, granted_at__isnull=False, ended_at__isnull=True)
    soonest = min((grant.counts_from for grant in held if grant.counts_from), default=None)
    if soonest is None or not by.is_active:
        raise MayNotApprove(f"Only a {' or '.join(roles)} can approve this.")
    if soonest > now:
        raise MayNotApprove(
            f"You have your role for less than {COUNTS_AFTER.days} days, or your sign-in was changed:"
            f" your approval counts from {local_day(soonest):%-d %B %Y}. Another person can approve this now."
        )


def counts_as(*roles: str, user: User, now: datetime) -> bool:
    """Whether an approval by `user` as one of `roles` would count now."""
    try:
        check_approver(by=user, now=now, roles=roles)
    except MayNotApprove:
        return False
    return True
