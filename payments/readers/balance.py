"""A balance transaction, and the payout that takes such money to our bank."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import stripe

from payments import gateway
from payments.readers.words import moment, present, reference, whole
from payments.readings import BalanceTransactionSeen, PayoutSeen, Reading


def read_balance_transaction(object_id: str, at: datetime) -> Reading:
    """Look at a balance transaction (`txn_…`)."""
    return Reading(balance_transactions=(balance_transaction_seen(gateway.client().balance_transaction(object_id)),))


def read_payout(object_id: str, at: datetime) -> Reading:
    """Look at a payout (`po_…`), what it booked, and once that list is complete all that an automatic one is made of.

    Stripe itemises automatic payouts only, and only when it has said so (rules/stripe.md section 5).
    """
    payout = gateway.client().payout(object_id)
    own = [whole(payout.balance_transaction), whole(payout.failure_balance_transaction)]
    booked = {bt.id: bt for bt in own if bt is not None}
    contents = None
    if payout.automatic and payout.reconciliation_status == "completed":
        listed = [bt for page in gateway.client().balance_transaction_pages(payout=payout.id) for bt in page]
        contents = tuple(bt.id for bt in listed)
        booked |= {bt.id: bt for bt in listed}
    return Reading(
        balance_transactions=tuple(balance_transaction_seen(bt) for bt in booked.values()),
        payout=payout_seen(payout, contents),
    )


def balance_transaction_seen(bt: stripe.BalanceTransaction) -> BalanceTransactionSeen:
    """What we keep of a balance transaction."""
    rate = present(bt, "exchange_rate")
    return BalanceTransactionSeen(
        bt_id=bt.id,
        source_id=reference(bt.source),
        type=bt.type,
        category=bt.reporting_category,
        balance_type=str(present(bt, "balance_type") or "payments"),
        amount_minor=bt.amount,
        fee_minor=bt.fee,
        net_minor=bt.net,
        currency=bt.currency,
        exchange_rate=None if rate is None else Decimal(str(rate)),
        created_at=moment(bt.created),
        available_at=moment(bt.available_on),
    )


def payout_seen(payout: stripe.Payout, contents: tuple[str, ...] | None) -> PayoutSeen:
    """What we keep of a payout."""
    trace = present(payout, "trace_id")
    return PayoutSeen(
        payout_id=payout.id,
        amount_minor=payout.amount,
        currency=payout.currency,
        status=payout.status,
        method=payout.method,
        automatic=payout.automatic,
        reconciliation_status=payout.reconciliation_status,
        created_at=moment(payout.created),
        arrival_on=moment(payout.arrival_date).date(),
        trace_id=str(present(trace, "value") or "") if trace else "",
        bt_id=reference(payout.balance_transaction),
        failure_bt_id=reference(payout.failure_balance_transaction),
        failure_code=payout.failure_code or "",
        original_payout_id=reference(payout.original_payout),
        reversed_by_id=reference(payout.reversed_by),
        contents=contents,
    )
