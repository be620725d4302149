"""Stripe payouts as payments keeps them, with the entry of their balance transaction."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from django.db import transaction

from ledger import builders
from ledger.operations.post_entry import post_entry
from payments.models import StripePayout
from people.queries import organisation
from tests.partners.conftest import NOW


def paid_out(
    payout_id: str, amount_minor: int, arrival_on: date, *, status: str = "paid", trace: str = ""
) -> StripePayout:
    """Sent two days before it arrives; below zero it debits us."""
    organisation()
    at = datetime.combine(arrival_on - timedelta(days=2), time(12), UTC)
    with transaction.atomic():
        post_entry(
            builders.stripe_payout(
                bt_ref=f"stripe:bt:txn_{payout_id}",
                amount_minor=amount_minor,
                source=f"stripe:payout:{payout_id}",
                event_at=at,
                effective_on=at.date(),
                currency="usd",
            ),
            now=max(at, NOW),
        )
        return StripePayout.objects.create(
            payout_id=payout_id, amount_minor=amount_minor, currency="usd", status=status, method="standard",
            automatic=True, reconciliation_status="completed", created_at=at, arrival_on=arrival_on, trace_id=trace,
            bt_id=f"txn_{payout_id}",
        )  # fmt: skip
