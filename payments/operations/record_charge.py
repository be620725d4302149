"""A charge is in our rows, and what Stripe booked for it is in our rows and in the books."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from payments.models import Charge
from payments.operations.record_balance_transactions import record_balance_transactions
from payments.readings import ChargeSeen
from people import clock

FINAL = ("succeeded", "failed")


def record_charge(seen: ChargeSeen, *, now: datetime) -> Charge:
    """Keep what a look at a charge showed; safe to repeat, in any order of looks.

    A look never takes back what an earlier one knew (a final status, a subject, a balance transaction). What Stripe
    booked is kept and posted with it: clearing to the processor balance, and the fee (DESIGN.md section 1.6).
    """
    with transaction.atomic():
        charge = _keep(seen)
        if seen.balance_transaction is not None:
            record_balance_transactions([seen.balance_transaction], now=now)
    return charge


def _keep(seen: ChargeSeen) -> Charge:
    fresh = {
        "status": seen.status,
        "amount_minor": seen.amount_minor,
        "currency": seen.currency,
        "created_at": seen.created_at,
        "kind": seen.kind,
        "subject": seen.subject,
        "payment_intent_id": seen.payment_intent_id,
        "customer_id": seen.customer_id,
        "method": seen.method,
        "brand": seen.brand,
        "last4": seen.last4,
        "exp_month": seen.exp_month,
        "exp_year": seen.exp_year,
        "decline_code": seen.decline_code,
    }
    charge, made = Charge.objects.select_for_update().get_or_create(
        charge_id=seen.charge_id, defaults=fresh | {"seen_at": clock.wall_now()}
    )
    if made:
        return charge
    changed = [name for name, value in fresh.items() if value and getattr(charge, name) != value]
    if charge.status in FINAL and "status" in changed:
        changed.remove("status")
    for name in changed:
        setattr(charge, name, fresh[name])
    if changed:
        charge.save(update_fields=changed)
    return charge
