"""A transfer is in our rows, and what Stripe booked of it is told to whoever asked for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from payments.facts import Booked, TransferMade, TransferReversed
from payments.models import StripeCall, Transfer, TransferReversal
from payments.readings import TransferSeen, bt_ref


def record_transfer(seen: TransferSeen) -> list[Booked]:
    """Keep a look at a transfer and its reversals, and give every fact about them, in the order of their times.

    All of them each time, as with refunds. Metadata is what somebody typed at Stripe may copy; a transfer is ours when
    it carries the key of a call of ours that made no other. Of one that is not ours nothing is told: its balance
    transactions lie in suspense until a person has looked. In the caller's transaction, the transfer's turn taken.
    """
    transfer = _keep_transfer(seen)
    for reversal in seen.reversals:
        known = TransferReversal.objects.filter(reversal_id=reversal.reversal_id).first()
        _write(known or TransferReversal(transfer=transfer), asdict(reversal))
    return sorted(_facts(transfer), key=lambda fact: fact.at) if transfer.call_id else []


def _keep_transfer(seen: TransferSeen) -> Transfer:
    row = Transfer.objects.filter(transfer_id=seen.transfer_id).first() or Transfer()
    fresh = asdict(seen)
    for name in ("reversals", "attempt_key", "kind", "subject"):
        del fresh[name]
    if row.call_id is None:
        fresh |= _owner(seen)
    _write(row, fresh)
    return row


def _owner(seen: TransferSeen) -> dict[str, Any]:
    """Our call that made the transfer, and for what; nothing when no call of ours can have."""
    call = (
        StripeCall.objects.select_for_update(of=("self",))
        .filter(
            purpose=StripeCall.Purpose.TRANSFER,
            idempotency_key=seen.attempt_key,
            result_id__in=["", seen.transfer_id],
            transfer__isnull=True,
        )
        .first()
    )
    if call is None or not seen.kind or seen.subject != call.subject:
        return {}
    return {"call_id": call.pk, "kind": seen.kind, "subject": call.subject}


def _write(row: Transfer | TransferReversal, fresh: dict[str, Any]) -> None:
    """Only what is new, so that a look which finds nothing new leaves no trace."""
    changed = [name for name, value in fresh.items() if row.pk is None or getattr(row, name) != value]
    for name in changed:
        setattr(row, name, fresh[name])
    if changed:
        row.save(update_fields=changed if row.pk else None)


def _facts(transfer: Transfer) -> Iterator[Booked]:
    about: dict[str, Any] = {"kind": transfer.kind, "subject": transfer.subject, "transfer_ref": transfer.ref}
    if transfer.booked_at is not None:
        yield TransferMade(**about, **_booking(transfer), at=transfer.booked_at)
    for back in transfer.reversals.order_by("created_at", "reversal_id"):
        if back.booked_at is not None:
            yield TransferReversed(**about, **_booking(back), at=back.booked_at, reversal_ref=back.ref)


def _booking(row: Transfer | TransferReversal) -> dict[str, Any]:
    return {"bt_ref": bt_ref(row.bt_id), "currency": row.currency, "amount_minor": row.amount_minor}
