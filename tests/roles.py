"""Roles for the people of a test: held for long enough that their approvals count, unless a test says since when."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib.auth.models import Group
from django.db import connection, transaction

from people.models import RoleGrant, User

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def give(user: User, *roles: str, since: datetime = LONG_AGO) -> None:
    """As if two persons had given these roles and they counted from `since`; what was held before stays.

    Approvals may have been given in this test already: the guard would then want a second person and seven days.
    """
    held = set(user.role_grants.filter(ended_at=None, granted_at__isnull=False).values_list("role", flat=True))
    new = [role for role in dict.fromkeys(roles) if role not in held]
    if not new:
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('session_replication_role', 'replica', true)")
        RoleGrant.objects.bulk_create(
            RoleGrant(user=user, role=role, requested_at=since, granted_at=since, counts_from=since) for role in new
        )
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('session_replication_role', 'origin', true)")
    user.groups.add(*(Group.objects.get_or_create(name=role)[0] for role in new))
