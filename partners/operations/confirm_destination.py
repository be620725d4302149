"""A person other than the editor has called the partner: its payouts go to the new destination from now on."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from partners.models import DestinationEvent, Method, Partner, PayoutDestination, PayoutHold
from partners.operations.approve_batch import decide
from partners.operations.change_destination import give_up
from partners.queries.stripe_accounts import led_to_stripe
from partners.two_people import SamePerson
from people.approvers import MayNotApprove, check_approver, counts_as
from people.models import Approval, User

__all__ = ["CallNotDescribed", "MayNotApprove", "NotOnboarded", "NotPending", "SamePerson", "confirm_destination"]


class NotPending(Exception):
    """The change was confirmed, replaced or given up before."""


class CallNotDescribed(ValueError):
    """A call-back says who was called, at which known number, and what they confirmed."""


class NotOnboarded(Exception):
    """Stripe does not let this account receive transfers (yet, or any more)."""


@transaction.atomic
def confirm_destination(*, destination_id: int, by: User, note: str, now: datetime) -> PayoutDestination:
    """Log the call-back (`note`: whom, at which number, what they said) and put the destination in use.

    What keeps the partner back because of its destination is lifted, but for holds that `by` placed. Raises NotPending,
    SamePerson, MayNotApprove, CallNotDescribed, NotOnboarded; then nothing has changed.
    """
    if not note.strip():
        raise CallNotDescribed("Say whom you called, at which number known before, and what they confirmed.")
    destination, approval = _pending(destination_id)
    if destination.edited_by_id == by.pk:
        raise SamePerson("You entered this destination: another person must call the partner back.")
    if led_to_stripe(by, [destination]):
        raise SamePerson("You have been at Stripe's questions for this account: another person must call the partner.")
    check_approver(by=by, now=now)
    if destination.method == Method.CONNECT and destination.stripe_ready_at is None:
        raise NotOnboarded("Stripe takes no transfers for this account now. Have the partner answer its questions.")
    approval.reason = note.strip()
    approval.save(update_fields=["reason"])
    decide(approval, Approval.Decision.APPROVED, by, now)
    _replace_by(destination, by, now)
    _lift(destination, by, now)
    return destination


@transaction.atomic
def refuse_destination(*, destination_id: int, by: User, reason: str, now: datetime) -> PayoutDestination:
    """The partner knows nothing of the change, or it was a mistake; the hold stays, and whoever changed it may do this.

    Raises NotPending, CallNotDescribed.
    """
    if not reason.strip():
        raise CallNotDescribed("Say why the change is not to be.")
    destination, approval = _pending(destination_id)
    approval.reason = reason.strip()
    approval.save(update_fields=["reason"])
    if by.pk != approval.requested_by_id and counts_as("finance approver", "board", user=by, now=now):
        decide(approval, Approval.Decision.REFUSED, by, now)
    give_up(destination, by, now)
    return destination


def _pending(destination_id: int) -> tuple[PayoutDestination, Approval]:
    partner_id = PayoutDestination.objects.values_list("partner_id", flat=True).get(pk=destination_id)
    Partner.objects.select_for_update().get(pk=partner_id)
    destination = PayoutDestination.objects.select_for_update(of=("self",)).get(pk=destination_id)
    approval = Approval.objects.filter(
        subject=destination.approval_subject,
        subject_hash=destination.content_hash,
        decision=Approval.Decision.WAITING,
    ).first()
    if destination.state != PayoutDestination.State.PENDING or approval is None:
        raise NotPending("This change does not wait for a call-back any more.")
    return destination, approval


def _replace_by(destination: PayoutDestination, by: User, now: datetime) -> None:
    """What was in use is so no more, and this one is."""
    active, word = PayoutDestination.State.ACTIVE, DestinationEvent.Word
    for before in PayoutDestination.objects.filter(partner=destination.partner_id, state=active):
        before.state, before.ended_at = PayoutDestination.State.RETIRED, now
        before.save(update_fields=["state", "ended_at"])
        DestinationEvent.objects.create(destination=before, word=word.REPLACED, by=by, at=now)
    destination.state, destination.activated_at = active, now
    destination.save(update_fields=["state", "activated_at"])
    DestinationEvent.objects.create(destination=destination, word=word.CONFIRMED, by=by, at=now)


def _lift(destination: PayoutDestination, by: User, now: datetime) -> None:
    """A confirmed destination answers what a payment that came back, or a bank's notice, had asked; not whether the
    bank stopped a voided cheque."""
    holds = PayoutHold.objects.filter(partner=destination.partner_id, lifted_at__isnull=True)
    answered = holds.exclude(reason__in=[PayoutHold.Reason.MANUAL, PayoutHold.Reason.VOIDED]).exclude(placed_by=by)
    answered.update(lifted_by=by, lifted_at=now)
