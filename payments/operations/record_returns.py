"""What went, goes or may go back of a charge is in our rows, and is told in the order in which it happened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from payments.facts import DisputeLost, DisputeOpened, DisputeWon, RefundFailed, RefundMade, RefundPending, Returned
from payments.models import Charge, Dispute, Refund
from payments.readings import DisputeSeen, RefundSeen, ReturnsSeen
from people.queries import books_begin_at


class ChargeNotTold(Exception):
    """The charge names no kind and subject, and no event has told what it paid: try again later."""


def record_returns(charge: Charge, seen: ReturnsSeen) -> list[Returned] | None:
    """Keep a look at the charge's refunds and disputes, and give every fact about them, in the order of their times.

    All of them each time: whoever hears them applies what is new, so that each order of news ends the same
    (DESIGN.md section 4 "Order of refunds and disputes"). In the caller's transaction, the charge's turn taken.
    Of a charge of before the books, which is nobody's here, nothing is told: its money shows in clearing. None when
    nobody knows yet what the charge paid for; what was seen is kept all the same (ChargeNotTold).
    """
    for refund in seen.refunds:
        _keep_refund(charge, refund)
    for dispute in seen.disputes:
        _keep_dispute(charge, dispute)
    told = [fact for refund in charge.refunds.all() for fact in _of_refund(charge, refund)]
    told += [fact for dispute in charge.disputes.all() for fact in _of_dispute(charge, dispute)]
    if told and not (charge.kind and charge.subject):
        begin_at = books_begin_at()
        if begin_at is not None and charge.created_at < begin_at:
            return []
        return None
    return sorted(told, key=_place)


def _place(fact: Returned) -> tuple[datetime, bool, str]:
    """When it happened. Within one second a refund came first, because none is made of a disputed charge; and of one
    refund or dispute what came first stays first, because sorting is stable."""
    return fact.at, isinstance(fact, DisputeOpened | DisputeWon | DisputeLost), fact.cause_ref


def _keep_refund(charge: Charge, seen: RefundSeen) -> None:
    row = Refund.objects.filter(refund_id=seen.refund_id).first() or Refund(refund_id=seen.refund_id, charge=charge)
    _write(row, asdict(seen))


def _keep_dispute(charge: Charge, seen: DisputeSeen) -> None:
    """The day of a loss is the one first told: a later look only knows that it is lost."""
    known = Dispute.objects.filter(dispute_id=seen.dispute_id).first()
    row = known or Dispute(dispute_id=seen.dispute_id, charge=charge)
    _write(row, asdict(seen) | {"lost_at": row.lost_at or seen.lost_at})


def _write(row: Refund | Dispute, fresh: dict[str, Any]) -> None:
    """Only what is new, so that a look which finds nothing new leaves no trace."""
    changed = [name for name, value in fresh.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, fresh[name])
    if changed or row.pk is None:
        row.save(update_fields=changed if row.pk else None)


def _of_refund(charge: Charge, refund: Refund) -> Iterator[Returned]:
    """A refund that failed after the money had left was made and came back, however late we hear of it."""
    about = _about(charge, refund.ref, refund.amount_minor, refund.currency) | {"request_ref": refund.request_ref}
    left_at = refund.taken_at or refund.created_at
    if refund.status in Refund.PENDING:
        if refund.taken_at is not None:
            yield RefundPending(**about, at=left_at)
    elif refund.status not in Refund.UNDONE:
        yield RefundMade(**about, at=left_at)
    else:
        if refund.taken_at is not None:
            yield RefundMade(**about, at=left_at)
        yield RefundFailed(**about, at=refund.returned_at or left_at)


def _of_dispute(charge: Charge, dispute: Dispute) -> Iterator[Returned]:
    """An appeal may win what was lost before; only then a loss is told before a win."""
    if dispute.withdrawn_at is None:
        return
    about = _about(charge, dispute.ref, dispute.withdrawn_minor, dispute.currency)
    yield DisputeOpened(**about, at=dispute.withdrawn_at, reason=dispute.reason, answer_by=dispute.answer_by)
    if dispute.lost_at is not None:
        yield DisputeLost(**about, at=dispute.lost_at)
    if dispute.reinstated_at is not None:
        yield DisputeWon(**about | {"amount_minor": dispute.reinstated_minor}, at=_later(dispute))


def _later(dispute: Dispute) -> datetime:
    assert dispute.reinstated_at is not None
    return max(dispute.reinstated_at, dispute.lost_at or dispute.reinstated_at)


def _about(charge: Charge, cause_ref: str, amount_minor: int, currency: str) -> dict[str, Any]:
    return {
        "kind": charge.kind,
        "subject": charge.subject,
        "charge_ref": charge.ref,
        "cause_ref": cause_ref,
        "currency": currency,
        "amount_minor": amount_minor,
    }
