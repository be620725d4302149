"""What people took by hand out of an account where a payment waits, so that it is not taken out once more."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, Sum

from ledger.discrepancies import Discrepancy
from ledger.models import ManualEntry, Posting, ReconciliationException


def taken_out(purpose: str, charge_ref: str, currency: str, named_as: Discrepancy | None = None) -> int:
    """How much of this payment entries by hand took out of the account of a purpose, in minor units.

    Those that say that they are about it, whole; and those by which a person settled its exception of this kind, up to
    what that exception was about: one entry may settle several. Three queries at most.
    """
    about = set(
        ManualEntry.objects.filter(about=charge_ref, currency=currency, entry__isnull=False).values_list(
            "entry", flat=True
        )
    )
    by = {pk: most for pk, most in _settled_by(charge_ref, currency, named_as) if pk not in about} if named_as else {}
    if not (about or by):
        return 0
    moved = _moved(purpose, currency, [*about, *by])
    return sum(moved.get(one, 0) for one in about) + sum(min(moved.get(one, 0), most) for one, most in by.items())


def _settled_by(charge_ref: str, currency: str, kind: Discrepancy) -> list[tuple[Any, int]]:
    rows = ReconciliationException.objects.filter(
        kind=kind.word, subject=charge_ref, currency=currency, resolution_entry__isnull=False
    )
    return [(pk, amount_minor or 0) for pk, amount_minor in rows.values_list("resolution_entry", "amount_minor")]


def _moved(purpose: str, currency: str, entries: list[Any]) -> dict[Any, int]:
    sums = (
        Posting.objects.filter(entry__in=entries, currency=currency)
        .values_list("entry")
        .annotate(
            debits=Sum("amount_minor", filter=Q(debit__purpose=purpose), default=0),
            credits=Sum("amount_minor", filter=Q(credit__purpose=purpose), default=0),
        )
        .order_by()
    )
    return {entry_id: debits_minor - credits_minor for entry_id, debits_minor, credits_minor in sums}
