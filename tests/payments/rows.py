"""Rows of payments as the processor's own records would make them, for tests of the packages above."""

from __future__ import annotations

from datetime import datetime

from payments.models import Charge
from payments.readings import charge_ref


def charged(ref: str, amount_minor: int, currency: str, at: datetime) -> None:
    """The charge that a fact names is known to payments, as it always is when its fact is told."""
    known = {"status": "succeeded", "amount_minor": amount_minor, "currency": currency, "created_at": at, "seen_at": at}
    Charge.objects.get_or_create(charge_id=ref.removeprefix(charge_ref("")), defaults=known)
