"""What others may ask of payments: whether money is available, what is not settled yet, by which card it came."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Exists, OuterRef, Subquery
from django.db.models.functions import Substr

from ledger.books import OpenItem
from payments.models import BalanceTransaction, Charge, Dispute, StripeCall
from payments.models.calls import refund_key
from payments.readings import charge_ref as ref_of


@dataclass(frozen=True, kw_only=True)
class PaymentMethod:
    """The card as it was at the charge. `exp_*` are None for what is no card."""

    method: str
    brand: str
    last4: str
    exp_month: int | None
    exp_year: int | None


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What a charge took, and whether a bank is taking or has taken some of it back: then no refund can be made."""

    amount_minor: int
    currency: str
    is_disputed: bool


def taken_by(charge_ref: str) -> Taken | None:
    """The charge's money, or None for one that is not here. One query."""
    disputed = Dispute.objects.filter(charge=OuterRef("pk"), withdrawn_minor__gt=0, reinstated_minor=0)
    charges = Charge.objects.filter(charge_id=_id_of(charge_ref), status="succeeded").annotate(taken=Exists(disputed))
    charge = charges.first()
    if charge is None:
        return None
    return Taken(amount_minor=charge.amount_minor, currency=charge.currency, is_disputed=charge.taken)


def currency_of(column: str) -> Subquery:
    """The currency of the charge that a column of the rows names ("stripe:charge:ch_1"), to be asked with them."""
    stripe_id = Substr(OuterRef(column), len(ref_of("")) + 1)
    return Subquery(Charge.objects.filter(charge_id=stripe_id).values("currency")[:1])


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


@dataclass(frozen=True, kw_only=True)
class ChargeFee:
    """What the processor kept of a charge, when it booked it, in the currency of its own balance."""

    fee_minor: int
    currency: str
    at: datetime


def fees_of(charge_refs: Iterable[str]) -> dict[str, ChargeFee]:
    """charge_ref -> its fee, for those whose balance transaction is here; one query."""
    settled = BalanceTransaction.objects.filter(charge__charge_id__in=[_id_of(ref) for ref in charge_refs])
    return {
        ref_of(charge_id): ChargeFee(fee_minor=fee_minor, currency=currency, at=at)
        for charge_id, fee_minor, currency, at in settled.values_list(
            "charge__charge_id", "fee_minor", "currency", "created_at"
        )
    }


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


def refunds_to_ask(request_refs: Iterable[str]) -> set[str]:
    """Those requests that `refund_charge` has to be called for (again): their worker died before it could ask, or
    before it could tell that Stripe refused. Of all others payments finds the end by itself. One query."""
    keys = {refund_key(ref): ref for ref in request_refs}
    refused = StripeCall.State.FAILED
    sent = StripeCall.objects.filter(idempotency_key__in=keys).exclude(state=refused)
    return set(keys.values()) - {keys[key] for key in sent.values_list("idempotency_key", flat=True)}


def open_items() -> list[OpenItem]:
    """Charges for which clearing (1040) is not back at zero, oldest first: paid and not settled if above zero, the
    reverse below. The first list of exceptions (DESIGN.md 1.6)."""
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_ITEMS)
        return [OpenItem(ref, int(amount), currency, since) for ref, currency, amount, since in cursor.fetchall()]


def _id_of(charge_ref: str) -> str:
    return charge_ref.rpartition(":")[2]


# A charge's or refund's own entries carry it in their key ("stripe:charge:ch_1:sale"), a balance transaction's through
# its row, an entry by hand in what it names as its source. A refund that nobody told of, such as one of a payment that
# is not ours, is a part of its charge. An item that was settled once and is open again is as old as what opened it
# again.
_OPEN_ITEMS = """
    WITH untold AS (
        SELECT 'stripe:refund:' || r.refund_id AS ref, 'stripe:charge:' || c.charge_id AS of_charge
          FROM payments_refund r
          JOIN payments_charge c ON c.id = r.charge_id
         WHERE NOT EXISTS (SELECT FROM ledger_entry e WHERE e.idempotency_key = 'stripe:refund:' || r.refund_id)
    ), named AS (
        SELECT COALESCE('stripe:charge:' || c.charge_id,
                        CASE WHEN b.source_id ~ '^(ch|py)_' THEN 'stripe:charge:' || b.source_id
                             WHEN b.source_id ~ '^(re|pyr)_' THEN 'stripe:refund:' || b.source_id END,
                        substring(e.idempotency_key from '^stripe:(?:charge|refund):[^:]+'),
                        CASE WHEN e.kind = 'manual'
                             THEN substring(e.source from '^stripe:(?:charge|refund):[^:]+$') END,
                        e.idempotency_key) AS ref,
               a.currency, e.event_at, e.id, SUM(l.amount_minor) AS amount_minor
          FROM ledger_account a
          JOIN leg l ON l.account_id = a.id
          JOIN ledger_entry e ON e.id = l.entry_id
          LEFT JOIN payments_balancetransaction b ON b.entry_id = e.id
          LEFT JOIN payments_charge c ON c.id = b.charge_id
         WHERE a.purpose = 'clearing'
         GROUP BY 1, 2, 3, 4
    ), moves AS (
        SELECT COALESCE(u.of_charge, n.ref) AS ref, n.currency, n.event_at, n.id, n.amount_minor
          FROM named n
          LEFT JOIN untold u ON u.ref = n.ref
    ), held AS (
        SELECT *, SUM(amount_minor) OVER (PARTITION BY ref, currency) AS left_minor,
               SUM(amount_minor) OVER (PARTITION BY ref, currency ORDER BY event_at, id) AS held_minor
          FROM moves
    ), counted AS (
        SELECT *, COUNT(*) FILTER (WHERE held_minor = 0) OVER (
                   PARTITION BY ref, currency ORDER BY event_at, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
               ) AS times_settled
          FROM held WHERE left_minor <> 0
    ), latest AS (
        SELECT DISTINCT ON (ref, currency) ref, currency, left_minor, event_at
          FROM counted ORDER BY ref, currency, times_settled DESC, event_at
    )
    SELECT ref, currency, left_minor, event_at FROM latest ORDER BY event_at, ref
"""
