"""A payout batch is approved: a second person signed exactly these lines."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from partners.batch_content import current_hash
from partners.models import PartnerPayout, PayoutBatch, PayoutEvent
from partners.operations.check_destinations import NotPayable, check_destinations
from partners.queries.stripe_accounts import led_to_stripe
from partners.two_people import SamePerson
from people.approvers import check_approver
from people.models import Approval, User

__all__ = ["ContentChanged", "NotPayable", "NotWaiting", "SamePerson", "approve_batch"]


class NotWaiting(Exception):
    """The batch does not wait for approval (any more)."""


class ContentChanged(Exception):
    """The lines are not those that the approver saw."""


@transaction.atomic
def approve_batch(*, batch_id: int, by: User, content_hash: str, now: datetime) -> PayoutBatch:
    """Approve the batch whose lines hash to `content_hash`, as the approver saw them (rules/ledger.md section 6).

    Raises NotWaiting, SamePerson (for whoever proposed it, edited it at any time, or entered where one of the partners
    is paid), MayNotApprove, ContentChanged, NotPayable; then nothing has changed.
    """
    batch, approval = waiting(batch_id)
    if is_own(batch, by):
        raise SamePerson("You proposed or changed this batch: another person must decide.")
    check_approver(by=by, now=now)
    payouts = list(
        batch.payouts.filter(state=PartnerPayout.State.PROPOSED).select_related("partner", "paid_to").order_by("id")
    )
    _refuse_who_entered(payouts, by)
    check_destinations(payouts)
    if not content_hash == current_hash(batch) == approval.subject_hash:
        raise ContentChanged("The batch changed since you opened it. Read it again, then decide.")
    decide(approval, Approval.Decision.APPROVED, by, now)
    batch.state = PayoutBatch.State.APPROVED
    batch.save(update_fields=["state"])
    return batch


def _refuse_who_entered(payouts: list[PartnerPayout], by: User) -> None:
    """Whoever entered where one of the partners is paid, here or at Stripe, does not approve. One query at most."""
    led = led_to_stripe(by, [payout.paid_to for payout in payouts if payout.paid_to is not None])
    for payout in payouts:
        place = payout.paid_to
        if place is not None and (place.edited_by_id == by.pk or place.stripe_account in led):
            raise SamePerson(f"You entered where {payout.partner} is paid: another person must decide.")


def waiting(batch_id: int) -> tuple[PayoutBatch, Approval]:
    """The locked batch and the approval it waits for. Raises NotWaiting."""
    batch = PayoutBatch.objects.select_for_update().get(pk=batch_id)
    approval = Approval.objects.filter(subject=batch.approval_subject, decision=Approval.Decision.WAITING).first()
    if batch.state != PayoutBatch.State.PROPOSED or approval is None:
        raise NotWaiting("This batch does not wait for approval.")
    return batch, approval


def is_own(batch: PayoutBatch, by: User) -> bool:
    """Whether they proposed or changed the batch: then they take it back at most. One query at most."""
    return by.pk == batch.proposed_by_id or by.pk in editors_of(batch)


def editors_of(batch: PayoutBatch) -> set[int]:
    """Everybody who changed what the batch pays, however long ago: what they left is partly theirs. One query."""
    return set(batch.events.filter(word__in=PayoutEvent.EDITS).values_list("by", flat=True))


def decide(approval: Approval, decision: Approval.Decision, by: User, now: datetime) -> None:
    """Write the decision down."""
    approval.decision = decision
    approval.decided_by = by
    approval.decided_at = now
    approval.save(update_fields=["decision", "decided_by", "decided_at"])
