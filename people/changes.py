"""The changes that people's own rows tell: decisions, and roles."""

from __future__ import annotations

from typing import Final

from django.db.models import F, Value
from django.db.models.functions import Concat
from django.urls import reverse

from people.history import Change
from people.models import Approval, RoleGrant
from people.sources import Source

_ROLE = Concat(Value("role_grant:"), "pk")

CHANGES: Final = (
    Change("Decisions", Approval.objects.all, F("requested_at"), F("requested_by"), F("subject"), Value("asked")),
    Change(
        "Decisions",
        lambda: Approval.objects.filter(decided_by__isnull=False),
        F("decided_at"),
        F("decided_by"),
        F("subject"),
        F("decision"),
        F("reason"),
    ),
    Change(
        "Roles",
        lambda: RoleGrant.objects.filter(granted_at__isnull=False),
        F("granted_at"),
        F("requested_by"),
        _ROLE,
        Value("given"),
    ),
    Change(
        "Roles",
        lambda: RoleGrant.objects.filter(ended_at__isnull=False),
        F("ended_at"),
        F("ended_by"),
        _ROLE,
        Value("ended"),
    ),
)


def describe_grants(refs: list[str]) -> dict[str, Source]:
    """ "Auditor: Ana" for role_grant:7, with the page of roles. One query."""
    grants = RoleGrant.objects.select_related("user").in_bulk([int(ref.partition(":")[2]) for ref in refs])
    href = reverse("roles:roles")
    return {
        grant.approval_subject: Source(f"{grant.role.capitalize()}: {grant.user}", href) for grant in grants.values()
    }
