"""Money that partners are owed, made the short way: an allocation whose payment Stripe has made available."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from ledger import builders
from ledger.operations.post_entry import post_entry
from partners.models import Agreement, Allocation
from partners.operations.allocate import ShareLine, allocate
from payments.models import BalanceTransaction, Charge
from people.queries import local_day
from tests.partners.conftest import NOW


def earn(
    agreement: Agreement,
    basis_minor: int,
    number: int = 1,
    *,
    days_ago: int = 30,
    available: bool = True,
    units: int = 1,
) -> Allocation:
    """An order of one line, paid `days_ago`; its funds can be paid out two days later."""
    at = NOW - timedelta(days=days_ago)
    with transaction.atomic():
        if available:
            settle_charge(f"ch_{number}", basis_minor, at)
        line = ShareLine(
            line_ref=f"order_line:{number}",
            label=f"{units} x Valor, Dark",
            design="Valor tassel earrings",
            units=units,
            basis_minor=basis_minor,
            paid_minor=basis_minor,
            agreement_ids=(agreement.pk,),
        )
        return allocate(
            source=f"order:{number}",
            charge_ref=f"stripe:charge:ch_{number}",
            currency="usd",
            lines=[line],
            bound_at=at,
            earned_at=at,
            now=NOW,
        )[0]


def settle_charge(charge_id: str, amount_minor: int, at: datetime, fee_minor: int = 0, *, now: datetime = NOW) -> None:
    """The charge and its balance transaction, as payments keeps them."""
    charge = Charge.objects.create(
        charge_id=charge_id, status="succeeded", amount_minor=amount_minor, currency="usd", created_at=at, seen_at=at
    )
    posted = post_entry(
        builders.balance_transaction(
            bt_ref=f"stripe:bt:txn_{charge_id}",
            source=charge.ref,
            event_at=at,
            effective_on=local_day(at),
            currency="usd",
            category="charge",
            amount_minor=amount_minor,
            fee_minor=fee_minor,
        ),
        now=now,
    )
    BalanceTransaction.objects.create(
        bt_id=f"txn_{charge_id}",
        charge=charge,
        type="charge",
        category="charge",
        amount_minor=amount_minor,
        fee_minor=fee_minor,
        currency="usd",
        created_at=at,
        available_at=at + timedelta(days=2),
        entry_id=posted.entry_id,
    )
