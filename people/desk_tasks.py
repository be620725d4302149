"""What waits for somebody in people's own rows."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db.models import QuerySet
from django.urls import reverse

from people.approvers import APPROVING
from people.desk import Counted, DeskTask
from people.models import RoleGrant


def _asked(now: datetime) -> QuerySet[RoleGrant]:
    return RoleGrant.objects.filter(granted_at=None, ended_at=None)


def _say(number: int, since: datetime) -> DeskTask:
    roles = "1 role" if number == 1 else f"{number} roles"
    return DeskTask(f"Decide on {roles}", "Somebody asks for them", since, reverse("roles:roles"), APPROVING)


ROLES_ASKED: Final = Counted(_asked, "requested_at", _say)
