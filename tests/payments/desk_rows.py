"""A charge as it stands at every step of its way through Stripe, for tests of what staff see of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ledger.discrepancies import Found
from ledger.models import Entry, ReconciliationException
from ledger.operations.open_exception import open_exception
from payments.discrepancies import CALL_UNKNOWN
from payments.models import BalanceTransaction, Charge, CheckoutSession, Refund, StripeCall, StripeEvent, StripePayout
from tests.ledger.facts import balance_transaction, post, sale


@dataclass(frozen=True)
class Rows:
    """One of each, and all about one order."""

    event: StripeEvent
    call: StripeCall
    transaction: BalanceTransaction
    payout: StripePayout
    exception: ReconciliationException
    entry: Entry


def stripe_rows(at: datetime, *, subject: str = "order:1042") -> Rows:
    """$51.86 paid for `subject`, booked, in a payout; an event that died; a call of which nobody knows."""
    post(sale("ch_desk", source=subject), balance_transaction("txn_1", source="stripe:charge:ch_desk"))
    charge = Charge.objects.create(
        charge_id="ch_desk", status="succeeded", amount_minor=5186, currency="usd", created_at=at, subject=subject,
        brand="visa", last4="4242", seen_at=at,
    )  # fmt: skip
    CheckoutSession.objects.create(
        session_id="cs_1", kind="order", subject=subject, mode="payment", currency="usd", state="complete",
        payment_status="paid", charge_id="ch_desk", created_at=at, expires_at=at,
    )  # fmt: skip
    Refund.objects.create(
        refund_id="re_1", charge=charge, status="pending", amount_minor=500, currency="usd", created_at=at
    )
    payout = StripePayout.objects.create(
        payout_id="po_1", amount_minor=5006, currency="usd", status="paid", method="standard", automatic=True,
        reconciliation_status="completed", created_at=at, arrival_on=at.date(), bt_id="txn_po",
    )  # fmt: skip
    entry = Entry.objects.get(idempotency_key="stripe:bt:txn_1")
    transaction = booked("txn_1", at, charge=charge, payout=payout, entry=entry, source_id="ch_desk")
    call = StripeCall.objects.create(
        purpose="refund", subject=subject, idempotency_key="refund:1", params={"note": "secret"}, params_hash="0" * 64,
        state="unknown", attempts=3, intended_at=at, next_attempt_at=at,
    )  # fmt: skip
    open_exception(CALL_UNKNOWN, Found(f"stripe:call:{call.pk}", detail=f"refund {subject}"), now=at)
    exception = ReconciliationException.objects.get(kind=CALL_UNKNOWN.word)
    return Rows(event("evt_1", at), call, transaction, payout, exception, entry)


def booked(bt_id: str, at: datetime, **fields: Any) -> BalanceTransaction:
    figures: dict[str, Any] = {"amount_minor": 5186, "fee_minor": 180, "currency": "usd", "category": "charge"}
    times = {"created_at": at, "available_at": at}
    return BalanceTransaction.objects.create(bt_id=bt_id, type="charge", **{**figures, **times, **fields})


def event(event_id: str, at: datetime, **fields: Any) -> StripeEvent:
    """A dead one, unless `fields` say otherwise."""
    body = '{"data": {"object": {"id": "ch_desk", "amount": 5186, "description": "For Ann"}}}'
    told: dict[str, Any] = {"type": "charge.succeeded", "object_id": "ch_desk", "livemode": False, "body": body}
    ending = {"state": "dead", "reason": "KeyError: sku", "attempts": 10, "failures": 9, "finished_at": at}
    times = {"created_at": at, "received_at": at, "next_attempt_at": at}
    return StripeEvent.objects.create(event_id=event_id, **{**told, **ending, **times, **fields})
