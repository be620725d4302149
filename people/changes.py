"""The changes that people's own rows tell: decisions, roles, and what the console changed."""

from __future__ import annotations

import json
from typing import Any, Final

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import CharField, F, Model, Value
from django.db.models.functions import Cast, Concat
from django.db.models.options import Options
from django.urls import NoReverseMatch, reverse

from people.history import Change, labelled
from people.models import Approval, RoleGrant
from people.sources import Source

_TEXT: CharField[str, str] = CharField()
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
    Change(
        "Settings and records",
        LogEntry.objects.all,
        F("action_time"),
        F("user"),
        Concat(Value("console:"), Cast("content_type_id", _TEXT), Value(":"), Cast("object_id", _TEXT)),
        labelled("action_flag", ((ADDITION, "added"), (CHANGE, "changed"), (DELETION, "deleted"))),
        F("change_message"),
    ),
)


def describe_records(refs: list[str]) -> dict[str, Source]:
    """ "Payout policy 1" for console:12:1, with its record in the console. One query, and often none."""
    found = {}
    for ref in refs:
        _, kind, number = ref.split(":", 2)
        model = _model(kind)
        if model is not None:
            name = str(model._meta.verbose_name).capitalize()
            found[ref] = Source(f"{name} {number}", _record(model._meta, number))
    return found


def _model(kind: str) -> type[Model] | None:
    """None once the kind is gone: `remove_stale_contenttypes` empties it in what the console wrote down."""
    return ContentType.objects.get_for_id(int(kind)).model_class() if kind.isdecimal() else None


def fields_changed(message: str) -> str:
    """Which fields the console says were changed, without what they hold; empty for anything else."""
    try:
        steps = json.loads(message)
    except ValueError:
        return ""
    told = [step.get("changed", {}).get("fields", ()) for step in steps if isinstance(step, dict)]
    return ", ".join(str(field) for fields in told for field in fields)


def _record(meta: Options[Any], number: str) -> str:
    try:
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[number])
    except NoReverseMatch:
        return ""


def describe_grants(refs: list[str]) -> dict[str, Source]:
    """ "Auditor: Ana" for role_grant:7, with the page of roles. One query."""
    grants = RoleGrant.objects.select_related("user").in_bulk([int(ref.partition(":")[2]) for ref in refs])
    href = reverse("roles:roles")
    return {
        grant.approval_subject: Source(f"{grant.role.capitalize()}: {grant.user}", href) for grant in grants.values()
    }
