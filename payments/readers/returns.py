"""A charge with everything that goes back of it: each of its refunds and disputes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import stripe

from payments import gateway
from payments.readers.balance import balance_transaction_seen
from payments.readers.charges import charge_seen
from payments.readers.words import moment, moment_or_none, present, reference, whole, word
from payments.readings import DisputeSeen, Reading, RefundSeen, ReturnsSeen


class OtherCurrency(ValueError):
    """Stripe settled a dispute in another currency than it is in: its amounts are no part of the charge's."""


class NoCharge(LookupError):
    """A refund or dispute of something that is no charge, such as a payment outside the processor."""


def read_returns(object_id: str, at: datetime) -> Reading:
    """Look at a charge (`ch_…`) with all its refunds and disputes. Stripe dates no loss, so its event's `at` does.

    The lists are read after the charge, so they know at least as much.
    """
    client = gateway.client()
    charge = client.charge(object_id)
    refunds, disputes = list(client.refunds(object_id)), list(client.disputes(object_id))
    returns = ReturnsSeen(
        refunds=tuple(map(_refund_seen, refunds)),
        disputes=tuple(_dispute_seen(dispute, at) for dispute in disputes),
    )
    booked = [row for refund in refunds for row in _booked(refund)]
    booked += [row for dispute in disputes for row in dispute.balance_transactions]
    return Reading(
        charge=charge_seen(charge),
        returns=returns,
        balance_transactions=tuple(map(balance_transaction_seen, booked)),
    )


def charge_of_refund(object_id: str) -> str:
    """The charge of a refund (`re_…`). Raises NoCharge."""
    return _charge(gateway.client().refund(object_id))


def charge_of_dispute(object_id: str) -> str:
    """The charge of a dispute (`dp_…`). Raises NoCharge."""
    return _charge(gateway.client().dispute(object_id))


def _charge(thing: stripe.Refund | stripe.Dispute) -> str:
    charge_id = reference(thing.charge)
    if not charge_id:
        raise NoCharge(thing.id)
    return charge_id


def _refund_seen(refund: stripe.Refund) -> RefundSeen:
    return RefundSeen(
        refund_id=refund.id,
        status=refund.status or "pending",
        amount_minor=refund.amount,
        currency=refund.currency,
        request_ref=word(refund.metadata, "request"),
        failure_reason=str(present(refund, "failure_reason") or ""),
        created_at=moment(refund.created),
        taken_at=_booked_at(refund, "balance_transaction"),
        returned_at=_booked_at(refund, "failure_balance_transaction"),
    )


def _booked(refund: stripe.Refund) -> list[stripe.BalanceTransaction]:
    rows = [whole(present(refund, name)) for name in ("balance_transaction", "failure_balance_transaction")]
    return [row for row in rows if row is not None]


def _booked_at(refund: stripe.Refund, name: str) -> datetime | None:
    transaction = whole(present(refund, name))
    return moment(transaction.created) if transaction else None


def _dispute_seen(dispute: stripe.Dispute, at: datetime) -> DisputeSeen:
    """The first balance transaction takes the money, a second one gives it back: none, one or two rows.

    Raises OtherCurrency.
    """
    for row in dispute.balance_transactions:
        if row.currency != dispute.currency:
            raise OtherCurrency(f"{dispute.id} is in {dispute.currency}, {row.id} in {row.currency}")
    taken = [row for row in dispute.balance_transactions if row.amount < 0]
    given = [row for row in dispute.balance_transactions if row.amount > 0]
    withdrawn_at = _first(taken)
    lost = dispute.status == "lost" and withdrawn_at is not None
    return DisputeSeen(
        dispute_id=dispute.id,
        status=dispute.status,
        reason=dispute.reason,
        amount_minor=dispute.amount,
        currency=dispute.currency,
        created_at=moment(dispute.created),
        answer_by=moment_or_none(dispute.evidence_details.due_by),
        withdrawn_minor=-sum(row.amount for row in taken),
        withdrawn_at=withdrawn_at,
        reinstated_minor=sum(row.amount for row in given),
        reinstated_at=_first(given),
        lost_at=max(at, withdrawn_at) if lost and withdrawn_at else None,
    )


def _first(rows: Sequence[stripe.BalanceTransaction]) -> datetime | None:
    return moment(min(row.created for row in rows)) if rows else None
