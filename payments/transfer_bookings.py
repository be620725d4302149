"""Which balance transactions of transfers are booked by whoever asked for the transfer, and whether they have been."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ledger.models import Entry
from payments import registry
from payments.facts import TransferMade, TransferReversed
from payments.models import Transfer, TransferReversal
from payments.readings import BalanceTransactionSeen

# Reporting category -> the fact that tells of it.
BOOKED_BY_OTHERS: Final[dict[str, type[TransferMade | TransferReversed]]] = {
    "transfer": TransferMade,
    "transfer_reversal": TransferReversed,
}
NOT_READ: Final = "transfer_not_read"
NOT_BOOKED: Final = "transfer_not_booked"


def booked_by_others(seen: Sequence[BalanceTransactionSeen]) -> dict[str, int | str]:
    """bt_id -> its entry, or the problem that there is none yet, of each that is not ours to post.

    One of a transfer that nobody of ours made is absent, and so is one that no operation is registered for: these go
    to suspense. What came of the transfer must have been looked at before, because an entry in suspense is for ever.
    """
    moves = [one for one in seen if one.category in BOOKED_BY_OTHERS and one.source_id.startswith(("tr_", "trr_"))]
    if not moves:
        return {}
    entries = dict(
        Entry.objects.filter(idempotency_key__in=[one.ref for one in moves]).values_list("idempotency_key", "id")
    )
    transfers = _transfers([one.source_id for one in moves])
    answers: dict[str, int | str] = {}
    for one in moves:
        transfer = transfers.get(one.source_id)
        if transfer is None:
            answers[one.bt_id] = NOT_READ
        elif transfer.call_id and registry.is_heard(BOOKED_BY_OTHERS[one.category], transfer.kind):
            answers[one.bt_id] = entries.get(one.ref, NOT_BOOKED)
    return answers


def _transfers(source_ids: Sequence[str]) -> dict[str, Transfer]:
    """Transfer or reversal id -> the transfer, as far as they are here."""
    rows = {row.transfer_id: row for row in Transfer.objects.filter(transfer_id__in=source_ids)}
    backs = TransferReversal.objects.filter(reversal_id__in=source_ids).select_related("transfer")
    return rows | {back.reversal_id: back.transfer for back in backs}
