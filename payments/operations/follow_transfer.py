"""What Stripe knows of a transfer is true here too, whoever heard of it first."""

from __future__ import annotations

from datetime import datetime

from payments.models import TransferReversal
from payments.operations.follow_object import Followed, follow_object
from payments.readers.transfers import read_transfer, transfer_of_booking


def follow_transfer(*, bt_id: str, source_id: str, at: datetime, now: datetime) -> Followed:
    """Look at the transfer of a balance transaction, whose source is it (`tr_…`) or a reversal of it (`trr_…`).

    A reversal's id alone leads nowhere at Stripe. `at` as in `follow_object`; raises what that raises, NoTransfer.
    """
    transfer_id = source_id if source_id.startswith("tr_") else _of_reversal(source_id) or transfer_of_booking(bt_id)
    return follow_object(reader=read_transfer, object_id=transfer_id, at=at, now=now)


def _of_reversal(reversal_id: str) -> str:
    known = TransferReversal.objects.filter(reversal_id=reversal_id).select_related("transfer").first()
    return known.transfer.transfer_id if known else ""
