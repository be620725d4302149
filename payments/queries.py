"""What others may ask of payments: whether money is available, what is not settled yet, by which card it came."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from ledger.books import OpenItem
from payments.models import BalanceTransaction, Charge
from payments.readings import charge_ref as ref_of


@dataclass(frozen=True, kw_only=True)
class PaymentMethod:
    """The card as it was at the charge. `exp_*` are None for what is no card."""

    method: str
    brand: str
    last4: str
    exp_month: int | None
    exp_year: int | None


def funds_available(charge_ref: str, at: datetime) -> bool:
    """Whether the charge's money can be paid out at that moment: settled, and past the processor's waiting time."""
    settled = BalanceTransaction.objects.filter(charge__charge_id=_id_of(charge_ref), available_at__lte=at)
    return settled.exists()


def funds_available_among(charge_refs: Iterable[str], at: datetime) -> set[str]:
    """Those of the charges whose money can be paid out at that moment; one query."""
    settled = BalanceTransaction.objects.filter(
        charge__charge_id__in=[_id_of(ref) for ref in charge_refs], available_at__lte=at
    )
    return {ref_of(charge_id) for charge_id in settled.values_list("charge__charge_id", flat=True)}


def payment_methods(charge_refs: Sequence[str]) -> dict[str, PaymentMethod]:
    """charge_ref -> the payment method it was made with; one query; unknown charges are absent."""
    charges = Charge.objects.filter(charge_id__in=[_id_of(ref) for ref in charge_refs])
    return {
        charge.ref: PaymentMethod(
            method=charge.method,
            brand=charge.brand,
            last4=charge.last4,
            exp_month=charge.exp_month,
            exp_year=charge.exp_year,
        )
        for charge in charges
    }


def open_items() -> list[OpenItem]:
    """Charges for which clearing (1040) is not back at zero, oldest first: paid and not settled if above zero, the
    reverse below. The first list of exceptions (DESIGN.md 1.6)."""
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_ITEMS)
        return [OpenItem(ref, int(amount), currency, since) for ref, currency, amount, since in cursor.fetchall()]


def _id_of(charge_ref: str) -> str:
    return charge_ref.rpartition(":")[2]


# A charge's own entries carry it in their key ("stripe:charge:ch_1:sale"), a balance transaction's through its row.
_OPEN_ITEMS = """
    SELECT COALESCE('stripe:charge:' || c.charge_id, substring(e.idempotency_key from '^stripe:charge:[^:]+'),
                    e.idempotency_key) AS ref,
           a.currency, SUM(l.amount_minor), MIN(e.event_at)
      FROM ledger_account a
      JOIN leg l ON l.account_id = a.id
      JOIN ledger_entry e ON e.id = l.entry_id
      LEFT JOIN payments_balancetransaction b ON b.entry_id = e.id
      LEFT JOIN payments_charge c ON c.id = b.charge_id
     WHERE a.purpose = 'clearing'
     GROUP BY 1, 2 HAVING SUM(l.amount_minor) <> 0 ORDER BY 4, 1
"""
