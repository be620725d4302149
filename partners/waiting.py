"""What waits for its card fee is told what happens to its money meanwhile; called by the operations that know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime

from ledger import splitting
from partners.models import WaitingShare
from partners.sharing import ShareLine


def with_fees(lines: Sequence[ShareLine], other_parts_minor: Sequence[int], fee_minor: int) -> list[ShareLine]:
    """The lines, each with its part of the fee, which is spread over all parts of the charge by amount."""
    weights = [*(line.paid_minor for line in lines), *other_parts_minor]
    fees = splitting.split(fee_minor, weights)
    return [replace(line, fee_minor=fee) for line, fee in zip(lines, fees[: len(lines)], strict=True)]


def keep_waiting(
    *,
    source: str,
    charge_ref: str,
    currency: str,
    lines: Sequence[ShareLine],
    other_parts_minor: Sequence[int],
    bound_at: datetime,
    earned_at: datetime,
) -> WaitingShare:
    """The payment's row; the first one when it waits, or waited, already."""
    row, _ = WaitingShare.objects.get_or_create(
        source=source,
        charge_ref=charge_ref,
        defaults={
            "currency": currency,
            "lines": [asdict(line) for line in lines],
            "other_parts_minor": list(other_parts_minor),
            "bound_at": bound_at,
            "earned_at": earned_at,
        },
    )
    return row


def lines_of(row: WaitingShare) -> list[ShareLine]:
    """The lines as they were kept."""
    return [ShareLine(**line | {"agreement_ids": tuple(line["agreement_ids"])}) for line in row.lines]


def waits(source: str, charge_ref: str) -> WaitingShare | None:
    """The row of a payment that still waits, locked; whoever accrues it meanwhile is waited for. One query."""
    rows = WaitingShare.objects.select_for_update().filter(source=source, charge_ref=charge_ref)
    return rows.filter(accrued_at__isnull=True).first()


def note_refund(*, source: str, charge_ref: str, cause: str, refunded_minor: Mapping[str, int], at: datetime) -> None:
    """What went back to date of a payment that waits; a dispute that was the cause is over."""
    if row := waits(source, charge_ref):
        row.refunded_minor, row.refund_cause, row.refund_at = dict(refunded_minor), cause, at
        row.disputes.pop(cause, None)
        row.save(update_fields=["refunded_minor", "refund_cause", "refund_at", "disputes"])


def note_dispute(
    *,
    source: str,
    charge_ref: str,
    cause: str,
    refunded_minor: Mapping[str, int],
    disputed_minor: Mapping[str, int],
    at: datetime,
) -> None:
    """A dispute of a payment that waits."""
    if row := waits(source, charge_ref):
        row.disputes[cause] = {"refunded_minor": dict(refunded_minor), "disputed_minor": dict(disputed_minor)}
        row.disputes[cause]["at"] = at.isoformat()
        row.save(update_fields=["disputes"])


def note_dispute_won(*, source: str, charge_ref: str, cause: str) -> None:
    if row := waits(source, charge_ref):
        row.disputes.pop(cause, None)
        row.save(update_fields=["disputes"])
