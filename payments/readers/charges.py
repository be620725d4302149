"""A charge, the card it was made with, and what Stripe booked for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import stripe

from payments import gateway
from payments.readers.balance import balance_transaction_seen
from payments.readers.words import moment, present, reference, whole, word
from payments.readings import ChargeSeen, Reading


def read_charge(object_id: str, at: datetime) -> Reading:
    """Look at a charge (`ch_…`). Its balance transaction is absent until Stripe has settled it."""
    return Reading(charge=charge_seen(gateway.client().charge(object_id)))


def charge_seen(charge: stripe.Charge, *, kind: str = "", subject: str = "") -> ChargeSeen:
    """What we keep of a charge; kind and subject from its own metadata unless the caller knows them better."""
    method = charge.payment_method_details
    kind_of_method = str(method.type) if method else ""
    card = present(method, "card") if method else None
    transaction = whole(charge.balance_transaction)
    return ChargeSeen(
        charge_id=charge.id,
        status=charge.status,
        amount_minor=charge.amount,
        currency=charge.currency,
        created_at=moment(charge.created),
        payment_intent_id=reference(charge.payment_intent),
        customer_id=reference(charge.customer),
        kind=kind or word(charge.metadata, "kind"),
        subject=subject or word(charge.metadata, "subject"),
        method=kind_of_method,
        brand=str(present(card, "brand") or "") if card else "",
        last4=str(present(card, "last4") or "") if card else "",
        exp_month=present(card, "exp_month") if card else None,
        exp_year=present(card, "exp_year") if card else None,
        decline_code=_decline_code(charge),
        balance_transaction=balance_transaction_seen(transaction) if transaction else None,
    )


def with_subject(seen: ChargeSeen, *, kind: str, subject: str) -> ChargeSeen:
    return replace(seen, kind=kind, subject=subject)


def _decline_code(charge: stripe.Charge) -> str:
    if charge.status != "failed":
        return ""
    reason = present(charge.outcome, "reason") if charge.outcome else None
    return str(reason or charge.failure_code or "")
