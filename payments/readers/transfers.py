"""A transfer to a connected account, with what was taken back of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import stripe

from payments import gateway
from payments.readers.balance import balance_transaction_seen
from payments.readers.words import moment, present, reference, whole, word
from payments.readings import BalanceTransactionSeen, Reading, ReversalSeen, TransferSeen


class NoTransfer(LookupError):
    """A balance transaction that is about no transfer and no reversal of one."""


def read_transfer(object_id: str, at: datetime) -> Reading:
    """Look at a transfer (`tr_…`) with its reversals and their balance transactions.

    The reversals are listed after the transfer was read, so they know at least as much.
    """
    client = gateway.client()
    transfer = client.transfer(object_id)
    reversals = list(client.transfer_reversals(object_id))
    return Reading(
        transfer=_transfer_seen(transfer, reversals),
        balance_transactions=tuple(_booked([transfer, *reversals])),
    )


def transfer_of_booking(bt_id: str) -> str:
    """The transfer that a balance transaction is about, itself or by a reversal of it. Raises NoTransfer."""
    source = gateway.client().source_of_balance_transaction(bt_id)
    about = source if present(source, "object") == "transfer" else present(source, "transfer")
    if not about:
        raise NoTransfer(bt_id)
    return reference(about)


def _transfer_seen(transfer: stripe.Transfer, reversals: Sequence[stripe.TransferReversal]) -> TransferSeen:
    return TransferSeen(
        transfer_id=transfer.id,
        destination_id=reference(transfer.destination),
        group=transfer.transfer_group or "",
        amount_minor=transfer.amount,
        currency=transfer.currency,
        created_at=moment(transfer.created),
        bt_id=reference(transfer.balance_transaction),
        booked_at=_booked_at(transfer),
        kind=word(transfer.metadata, "kind"),
        subject=word(transfer.metadata, "subject"),
        attempt_key=word(transfer.metadata, "attempt"),
        reversals=tuple(map(_reversal_seen, reversals)),
    )


def _reversal_seen(reversal: stripe.TransferReversal) -> ReversalSeen:
    return ReversalSeen(
        reversal_id=reversal.id,
        amount_minor=reversal.amount,
        currency=reversal.currency,
        created_at=moment(reversal.created),
        bt_id=reference(reversal.balance_transaction),
        booked_at=_booked_at(reversal),
    )


def _booked(things: Sequence[Any]) -> Iterator[BalanceTransactionSeen]:
    for thing in things:
        row = whole(thing.balance_transaction)
        if row:
            yield balance_transaction_seen(row)


def _booked_at(thing: Any) -> datetime | None:
    row = whole(thing.balance_transaction)
    return moment(row.created) if row else None
