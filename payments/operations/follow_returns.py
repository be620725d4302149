"""What Stripe knows of a refund or dispute is true here too, whoever heard of it first."""

from __future__ import annotations

from datetime import datetime

from payments.operations.follow_object import Followed, follow_object
from payments.readers.returns import charge_of_dispute, charge_of_refund, read_returns


def follow_returns(*, object_id: str, at: datetime, now: datetime) -> Followed:
    """Look at the charge of a refund (`re_…`, `pyr_…`) or dispute (`dp_…`, `du_…`) with all that goes back of it.

    For those who find one by its balance transaction. `at` as in `follow_object`; raises what that raises.
    """
    charge_of = charge_of_dispute if object_id.startswith(("dp_", "du_")) else charge_of_refund
    return follow_object(reader=read_returns, object_id=charge_of(object_id), at=at, now=now)
