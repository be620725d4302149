"""What each role may read and change in the record console. The desk asks for the role itself."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

from people.access import ROLES

_MONEY = ("shop", "donations", "partners", "payments", "ledger", "reports")
READS: dict[str, tuple[str, ...]] = {
    "catalogue": ("shop",),
    "fulfilment": ("shop",),
    "donor care": ("donations",),
    "finance preparer": _MONEY,
    "finance approver": _MONEY,
    "board": _MONEY,
    "auditor": _MONEY,
}
CHANGES: dict[str, tuple[str, ...]] = {
    "catalogue": ("collection", "product", "productimage", "variant"),
}


def lay_roles() -> None:
    """Make every role, with exactly these permissions: what somebody added to a role by hand is taken away again.

    Nobody may delete, and whatever the record console shows as read-only stays so for every role.
    """
    for name in ROLES:
        role, _ = Group.objects.get_or_create(name=name)
        role.permissions.set(_permissions(name))


def _permissions(role: str) -> list[Permission]:
    reads = Q(content_type__app_label__in=READS.get(role, ()), codename__startswith="view_")
    verbs = [f"{verb}_{model}" for model in CHANGES.get(role, ()) for verb in ("add", "change")]
    changes = Q(content_type__app_label="shop", codename__in=verbs)
    return list(Permission.objects.filter(reads | changes))
