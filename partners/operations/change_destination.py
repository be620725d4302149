"""A partner's payouts are to go somewhere else: nothing is paid to the partner before another person has called it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from partners.destination_details import Details, WrongDetail, fields_of, hash_of
from partners.models import (
    DestinationEvent,
    Partner,
    PartnerPayout,
    PayoutBatch,
    PayoutDestination,
    PayoutEvent,
    PayoutHold,
)
from partners.operations.edit_batch import ask_again
from partners.operations.tell_partner import tell_of_change
from people.models import Approval, User

__all__ = ["WrongDetail", "change_destination"]


@transaction.atomic
def change_destination(*, partner_id: int, details: Details, by: User, now: datetime) -> PayoutDestination:
    """Enter where a partner is to be paid; the partner is on hold until `confirm_destination`.

    A change that was still waiting is given up for this one. Batches that hold the partner and were not sent need
    approval again (rules/ledger.md section 6; rules/reliability.md rows 47 and 78). Raises WrongDetail, NoKeys; then
    nothing has changed.
    """
    fields = fields_of(details)
    # 1. The partner first, then its batches: the order in which everybody locks them.
    partner = Partner.objects.select_for_update().get(pk=partner_id)
    # 2. Of two changes the later one counts.
    for earlier in PayoutDestination.objects.filter(partner=partner, state=PayoutDestination.State.PENDING):
        give_up(earlier, by, now)
    # 3. The new one, and the question that another person answers.
    destination = PayoutDestination(partner=partner, method=details.method, edited_by=by, edited_at=now, **fields)
    destination.content_hash = hash_of(destination)
    destination.save()
    Approval.objects.create(
        subject=destination.approval_subject, subject_hash=destination.content_hash, requested_by=by, requested_at=now
    )
    # 4. No payout meanwhile, and no approval given before is worth anything.
    PayoutHold.objects.create(
        partner=partner,
        reason=PayoutHold.Reason.DESTINATION,
        cause=destination.approval_subject,
        placed_by=by,
        placed_at=now,
    )
    void_approvals(partner, by, now, PayoutEvent.Word.MOVED)
    # 5. Whoever reads the partner's mail hears of it, so that a stranger's change does not pass unseen.
    tell_of_change(destination, now)
    return destination


def give_up(destination: PayoutDestination, by: User, now: datetime) -> None:
    """A change that is not to be. Its hold stays until somebody lifts it or another change is confirmed."""
    Approval.objects.filter(subject=destination.approval_subject, decision=Approval.Decision.WAITING).update(
        decision=Approval.Decision.VOID, decided_at=now
    )
    destination.state, destination.ended_at = PayoutDestination.State.REFUSED, now
    destination.save(update_fields=["state", "ended_at"])
    DestinationEvent.objects.create(destination=destination, word=DestinationEvent.Word.GIVEN_UP, by=by, at=now)


def void_approvals(partner: Partner, by: User, now: datetime, word: PayoutEvent.Word = PayoutEvent.Word.HELD) -> None:
    """Every batch with the partner that was not sent waits for approval again. Call it with the partner locked."""
    open_states = [PayoutBatch.State.PROPOSED, PayoutBatch.State.APPROVED]
    payouts = {row.batch_id: row for row in partner.payouts.filter(state=PartnerPayout.State.PROPOSED)}
    for batch in PayoutBatch.objects.select_for_update().filter(pk__in=payouts, state__in=open_states).order_by("id"):
        ask_again(batch, payouts[batch.pk], word, by=by, now=now)
