"""A charge is in our rows, and what Stripe booked for it is in our rows and in the books."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ledger import builders
from ledger.operations.post_entry import post_entry
from payments.models import BalanceTransaction, Charge
from payments.readings import BalanceTransactionSeen, ChargeSeen
from people import clock
from people.queries import local_day

FINAL = ("succeeded", "failed")


class NetDiffers(Exception):
    """Stripe's own net is not its amount minus its fee: nothing is posted until somebody has looked."""


def record_charge(seen: ChargeSeen, *, now: datetime) -> Charge:
    """Keep what a look at a charge showed; safe to repeat, in any order of looks.

    A look never takes back what an earlier one knew (a final status, a subject, a balance transaction). The balance
    transaction's row and its entry are made in one transaction: clearing to the processor balance, and the fee
    (DESIGN.md section 1.6). Raises NetDiffers and whatever `post_entry` raises.
    """
    with transaction.atomic():
        charge = _keep(seen)
        if seen.balance_transaction is not None:
            _book(seen.balance_transaction, charge, now)
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


def _book(seen: BalanceTransactionSeen, charge: Charge, now: datetime) -> None:
    """Under the charge's row lock, so that two looks at once post one entry."""
    if BalanceTransaction.objects.filter(bt_id=seen.bt_id).exists():
        return
    if seen.net_minor != seen.amount_minor - seen.fee_minor:
        raise NetDiffers(seen.bt_id)
    BalanceTransaction.objects.create(
        bt_id=seen.bt_id,
        charge=charge,
        entry_id=_post(seen, charge, now),
        source_id=seen.source_id,
        type=seen.type,
        category=seen.category,
        amount_minor=seen.amount_minor,
        fee_minor=seen.fee_minor,
        currency=seen.currency,
        created_at=seen.created_at,
        available_at=seen.available_at,
    )


def _post(seen: BalanceTransactionSeen, charge: Charge, now: datetime) -> int | None:
    if seen.amount_minor == seen.fee_minor == 0:
        return None
    draft = builders.balance_transaction(
        bt_ref=f"stripe:bt:{seen.bt_id}",
        source=charge.ref,
        event_at=seen.created_at,
        effective_on=local_day(seen.created_at),
        currency=seen.currency,
        category=seen.category,
        amount_minor=seen.amount_minor,
        fee_minor=seen.fee_minor,
    )
    return post_entry(draft, now=now).entry_id
