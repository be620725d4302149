"""A partner is not paid until another person says so, or is paid again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from partners.models import Partner, PayoutHold
from partners.operations.change_destination import void_approvals
from partners.queries.stripe_accounts import trouble_with
from partners.two_people import SamePerson
from people.approvers import check_approver
from people.models import Approval, User


class ReasonMissing(ValueError):
    """Holding and lifting say why."""


class NotHeld(Exception):
    """The hold was lifted before."""


@transaction.atomic
def hold_partner(
    *,
    partner_id: int,
    by: User,
    reason: str,
    now: datetime,
    kind: PayoutHold.Reason = PayoutHold.Reason.MANUAL,
    cause: str = "",
) -> PayoutHold:
    """Keep all payouts to a partner back; a second hold for the same `cause` is the first. Raises ReasonMissing.

    Batches that hold the partner and were not sent need approval again.
    """
    if not reason.strip():
        raise ReasonMissing("Say why the partner is not to be paid.")
    partner = Partner.objects.select_for_update().get(pk=partner_id)
    cause = cause or f"partner:{partner.pk}:held:{partner.payout_holds.count() + 1}"
    hold, made = PayoutHold.objects.get_or_create(
        cause=cause, defaults={"partner": partner, "reason": kind, "placed_by": by, "placed_at": now}
    )
    if made:
        Approval.objects.create(
            subject=hold.approval_subject,
            subject_hash=hold.cause,
            requested_by=by,
            requested_at=now,
            reason=reason.strip(),
        )
        void_approvals(partner, by, now)
    return hold


@transaction.atomic
def lift_hold(*, hold_id: int, by: User, reason: str, now: datetime) -> PayoutHold:
    """Let the partner be paid again, as far as this hold goes. Raises ReasonMissing, NotHeld, SamePerson,
    MayNotApprove.

    A change of the destination that waits for its call-back is not passed by: that hold ends with the call alone, or
    once the change was refused. Nor is an account at Stripe that cannot be paid into, or pays out elsewhere by now.
    """
    if not reason.strip():
        raise ReasonMissing("Say why the partner can be paid again.")
    partner_id = PayoutHold.objects.values_list("partner_id", flat=True).get(pk=hold_id)
    partner = Partner.objects.select_for_update().get(pk=partner_id)
    hold = PayoutHold.objects.select_for_update(of=("self",)).get(pk=hold_id)
    if hold.lifted_at is not None:
        raise NotHeld("This hold was lifted before.")
    if hold.placed_by_id == by.pk:
        raise SamePerson("You placed this hold: another person must lift it.")
    check_approver(by=by, now=now)
    if hold.reason == PayoutHold.Reason.DESTINATION and partner.destinations.filter(state="pending").exists():
        raise NotHeld("The changed destination waits for its call-back: confirm or refuse the change instead.")
    told_by_stripe = hold.reason in (PayoutHold.Reason.DESTINATION, PayoutHold.Reason.STRIPE)
    trouble = trouble_with(partner.destinations.filter(state="active")) if told_by_stripe else {}
    if trouble:
        raise NotHeld(f"{next(iter(trouble.values()))}: have that mended, or enter another destination.")
    _write_down(hold, by, reason.strip(), now)
    hold.lifted_by, hold.lifted_at = by, now
    hold.save(update_fields=["lifted_by", "lifted_at"])
    return hold


def _write_down(hold: PayoutHold, by: User, reason: str, now: datetime) -> None:
    """Both reasons stand in the hold's Approval, where words can be erased."""
    approval, _ = Approval.objects.get_or_create(
        subject=hold.approval_subject,
        decision=Approval.Decision.WAITING,
        defaults={"subject_hash": hold.cause, "requested_by": hold.placed_by, "requested_at": hold.placed_at},
    )
    approval.reason = "\n".join(filter(None, [approval.reason, reason]))
    approval.decision, approval.decided_by, approval.decided_at = Approval.Decision.APPROVED, by, now
    approval.save(update_fields=["reason", "decision", "decided_by", "decided_at"])
