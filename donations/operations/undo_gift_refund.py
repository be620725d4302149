"""A refund of a gift came back, or never left: the books mirror it, and the partners' shares are figured again."""

from __future__ import annotations

from datetime import datetime

from donations.models import GiftRefund
from donations.operations.record_gift_refund import asked_for
from donations.operations.set_gift_aside import post_aside
from donations.operations.widen_gift_disputes import widen_gift_disputes
from donations.outcomes import Outcome
from donations.refunding import booked, count_refunded, gift_gone
from donations.subjects import lock_payment
from ledger import builders
from ledger.operations.post_entry import post_entry
from partners.operations.reverse_shares import reverse_shares
from payments.facts import RefundFailed, RefundRefused
from payments.given_twice import name_given_twice

State = GiftRefund.State


def undo_gift_refund(fact: RefundFailed, *, now: datetime) -> Outcome:
    """Mirror a refund that failed later (rules/ledger.md section 5 "Refund failed"); the donor is owed it again.

    Returns REFUND_FAILED, or ALREADY_KNOWN for the same news again. One that never left our balance has no entry to
    mirror. In the caller's transaction; raises GiftNotBooked.
    """
    gift, aside_of = lock_payment(fact)
    refund = GiftRefund.objects.filter(gift=gift, cause_ref=fact.cause_ref).first()
    refund = refund or asked_for(gift, fact.request_ref) or GiftRefund(gift=gift, asked_at=now)
    if refund.state == State.FAILED:
        return Outcome.ALREADY_KNOWN
    had_parts, was_made = refund.state in GiftRefund.CLAIMS, refund.state == State.MADE
    refund.gift, refund.cause_ref, refund.amount_minor = gift, fact.cause_ref, fact.amount_minor
    refund.state, refund.moved_at, refund.checked_at = State.FAILED, fact.at, None
    refund.aside_of = aside_of
    refund.save()
    if was_made:
        _mirror(refund, fact, now)
    if had_parts and not aside_of:
        widen_gift_disputes(refund, fact, now=now)
    count_refunded(gift)
    return Outcome.REFUND_FAILED


def _mirror(refund: GiftRefund, fact: RefundFailed, now: datetime) -> None:
    if refund.aside_of:
        post_aside(builders.deposit_refund_failed, refund, fact, refund_ref=fact.cause_ref, now=now)
        return
    surplus_minor, about = refund.surplus_minor, booked(refund, fact)
    post_entry(builders.refund_failed(refund_ref=fact.cause_ref, surplus_minor=surplus_minor, **about), now=now)
    name_given_twice(fact, 0, now=now)
    reverse_shares(
        source=refund.gift.ref,
        charge_ref=fact.charge_ref,
        cause=f"{fact.cause_ref}:failed",
        refunded_minor=gift_gone(refund.gift),
        at=fact.at,
        now=now,
    )


def refuse_gift_refund(fact: RefundRefused, *, now: datetime) -> Outcome:
    """Stripe will not make a refund that was asked for: nothing moved, and it may be asked for again.

    Returns REFUSED, or ALREADY_KNOWN. In the caller's transaction.
    """
    number = fact.request_ref.rpartition(":")[2]
    asked = GiftRefund.objects.select_for_update().filter(pk=int(number), state=State.ASKED, cause_ref="")
    refund = asked.first() if fact.request_ref.startswith("gift_refund:") else None
    if refund is None:
        return Outcome.ALREADY_KNOWN
    refund.state, refund.code = State.REFUSED, fact.code[:60]
    refund.save(update_fields=["state", "code"])
    return Outcome.REFUSED
