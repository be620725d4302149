"""What others may ask of payments: whether money is available, what is not settled yet, by which card it came."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from payments.models import BalanceTransaction, Charge
from payments.readings import charge_ref as ref_of


@dataclass(frozen=True, kw_only=True)
class OpenItem:
    """What clearing (1040) still holds for one charge: paid and not settled if above zero, the reverse below."""

    charge_ref: str
    amount_minor: int
    currency: str
    since: datetime


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
    """Charges for which clearing is not back at zero, oldest first: the first list of exceptions (DESIGN.md 1.6)."""
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_ITEMS)
        return [
            OpenItem(charge_ref=charge_ref, amount_minor=int(amount), currency=currency, since=since)
            for charge_ref, currency, amount, since in cursor.fetchall()
        ]


def balance_transactions_not_booked() -> Iterator[str]:
    """L5: each balance transaction has exactly one entry, which moves 1050 by exactly its net; nothing else does."""
    with connection.cursor() as cursor:
        cursor.execute(_NOT_BOOKED)
        for name, net, moved in cursor.fetchall():
            yield f"{name}: the processor says {_or_nothing(net)}, the books moved its balance by {_or_nothing(moved)}"


def _id_of(charge_ref: str) -> str:
    return charge_ref.rpartition(":")[2]


def _or_nothing(amount_minor: int | None) -> str:
    return "nothing" if amount_minor is None else str(amount_minor)


_MOVES = """
    SELECT e.id AS entry_id, e.idempotency_key AS key, e.event_at, p.currency,
           CASE WHEN a.id = p.debit THEN p.amount_minor ELSE -p.amount_minor END AS amount_minor
    FROM ledger_account a
    JOIN ledger_posting p ON a.id IN (p.debit, p.credit)
    JOIN ledger_entry e ON e.id = p.entry_id
    WHERE a.purpose = '{purpose}'
"""

# A charge's own entries carry it in their key ("stripe:charge:ch_1:sale"), a balance transaction's through its row.
_OPEN_ITEMS = f"""
    SELECT COALESCE('stripe:charge:' || c.charge_id, substring(m.key from '^stripe:charge:[^:]+'), m.key) AS charge_ref,
           m.currency, SUM(m.amount_minor), MIN(m.event_at)
    FROM ({_MOVES.format(purpose="clearing")}) m
    LEFT JOIN payments_balancetransaction b ON b.entry_id = m.entry_id
    LEFT JOIN payments_charge c ON c.id = b.charge_id
    GROUP BY 1, 2 HAVING SUM(m.amount_minor) <> 0 ORDER BY 4, 1
"""  # noqa: S608 - no value from outside

_NOT_BOOKED = f"""
    WITH moved AS (
        SELECT entry_id, key, SUM(amount_minor) AS amount_minor
        FROM ({_MOVES.format(purpose="stripe_balance")}) m GROUP BY entry_id, key
    )
    SELECT COALESCE('stripe:bt:' || b.bt_id, moved.key), b.net_minor, moved.amount_minor
    FROM payments_balancetransaction b
    FULL JOIN moved ON moved.entry_id = b.entry_id AND moved.key = 'stripe:bt:' || b.bt_id
    WHERE b.id IS NULL
       OR (moved.entry_id IS NULL AND b.net_minor <> 0)
       OR moved.amount_minor <> b.net_minor
    ORDER BY 1
"""  # noqa: S608 - no value from outside
