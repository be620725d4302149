"""Shares net of card fees are accrued once the processor has told its fee, less what went back meanwhile."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from partners.models import WaitingShare
from partners.operations.allocate import allocate
from partners.operations.hold_shares import hold_shares
from partners.operations.reverse_shares import reverse_shares
from partners.waiting import lines_of, with_fees
from payments.queries import ChargeFee, fees_of

AT_ONCE = 200


def accrue_waiting(*, now: datetime) -> int:
    """Accrue every waiting share whose fee is known, each in a transaction of its own. Returns how many.

    A fee in another currency than the payment's is no fee that could be taken off: such a share goes on waiting, and
    its month is not closed. Raises what `allocate` raises.
    """
    done = 0
    rows = WaitingShare.objects.filter(accrued_at__isnull=True).order_by("pk")
    last = 0
    while some := list(rows.filter(pk__gt=last)[:AT_ONCE]):
        fees = fees_of(row.charge_ref for row in some)
        for row in some:
            fee = fees.get(row.charge_ref)
            if fee is not None and fee.currency == row.currency:
                done += _accrue(row.pk, fee, now)
        last = some[-1].pk
    return done


@transaction.atomic
def _accrue(row_id: int, fee: ChargeFee, now: datetime) -> bool:
    """Whether it was still waiting: allocated with its fee, then brought to date (DESIGN.md section 4 "Reversal")."""
    row = WaitingShare.objects.select_for_update().filter(pk=row_id, accrued_at__isnull=True).first()
    if row is None:
        return False
    known_at = max(row.earned_at, fee.at)
    lines = with_fees(lines_of(row), row.other_parts_minor, fee.fee_minor)
    allocate(
        source=row.source,
        charge_ref=row.charge_ref,
        currency=row.currency,
        lines=lines,
        bound_at=row.bound_at,
        earned_at=row.earned_at,
        known_at=known_at,
        now=now,
    )
    only = {agreement_id for line in lines for agreement_id in line.agreement_ids}
    about = {"source": row.source, "charge_ref": row.charge_ref}
    if row.refund_at is not None:
        reverse_shares(
            **about,
            cause=row.refund_cause,
            refunded_minor=row.refunded_minor,
            at=max(row.refund_at, known_at),
            now=now,
            only=only,
        )
    for cause, told in row.disputes.items():
        hold_shares(
            **about,
            cause=cause,
            refunded_minor=told["refunded_minor"],
            disputed_minor=told["disputed_minor"],
            at=max(datetime.fromisoformat(told["at"]), known_at),
            now=now,
            only=only,
        )
    row.accrued_at = now
    row.save(update_fields=["accrued_at"])
    return True
