"""A refund of a gift is in the books, and each partner's share of it is taken back."""

from __future__ import annotations

from datetime import datetime

from donations.models import Gift, GiftRefund
from donations.operations.set_gift_aside import post_aside
from donations.operations.write_mails import gift_refunded
from donations.outcomes import Outcome
from donations.refunding import booked, claim, count_refunded, gift_gone
from donations.subjects import lock_payment
from ledger import builders
from ledger.operations.post_entry import post_entry
from partners.operations.reverse_shares import reverse_shares
from payments.facts import RefundMade, RefundPending
from payments.given_twice import name_given_twice

State = GiftRefund.State


def record_gift_refund(fact: RefundMade | RefundPending, *, now: datetime) -> Outcome:
    """Book a refund of a gift, given once or by a plan, whoever made it (rules/ledger.md section 5, "covered gift").

    Split over gift part and fee cover first; only the gift part takes shares back. A pending one claims its parts and
    moves nothing. What goes back above what is left, because the donor's bank had taken that already, is our loss,
    touches no partner, and is an exception; what was set aside goes back out of suspense. Returns REFUNDED, PENDING, or
    ALREADY_KNOWN for the same news again. In the caller's transaction; raises GiftNotBooked.
    """
    gift, aside_of = lock_payment(fact)
    refund = GiftRefund.objects.filter(gift=gift, cause_ref=fact.cause_ref).first()
    is_news = refund is None
    refund = refund or _claimed(gift, aside_of, fact, now)
    refund.gift = gift
    if isinstance(fact, RefundPending):
        return Outcome.PENDING if is_news else Outcome.ALREADY_KNOWN
    if refund.state in (State.MADE, State.FAILED):
        return Outcome.ALREADY_KNOWN
    refund.state, refund.moved_at = State.MADE, fact.at
    refund.save(update_fields=["state", "moved_at"])
    if aside_of:
        post_aside(builders.deposit_refunded, refund, fact, refund_ref=fact.cause_ref, now=now)
    else:
        _post(refund, fact, now)
    gift_refunded(gift, refund, currency=fact.currency, now=now)
    return Outcome.REFUNDED


def asked_for(gift: Gift, request_ref: str) -> GiftRefund | None:
    """Our own request, of which we hear for the first time that it became a refund."""
    name, _, number = request_ref.partition(":")
    if name != "gift_refund" or not (number.isascii() and number.isdigit()):
        return None
    return GiftRefund.objects.filter(pk=int(number), gift=gift, cause_ref="").first()


def _post(refund: GiftRefund, fact: RefundMade, now: datetime) -> None:
    gift: Gift = refund.gift
    draft = builders.refund(refund_ref=fact.cause_ref, surplus_minor=refund.surplus_minor, **booked(refund, fact))
    post_entry(draft, now=now)
    name_given_twice(fact, refund.surplus_minor, now=now)
    reverse_shares(
        source=gift.ref,
        charge_ref=fact.charge_ref,
        cause=fact.cause_ref,
        refunded_minor=gift_gone(gift),
        at=fact.at,
        now=now,
    )
    count_refunded(gift)


def _claimed(gift: Gift, aside_of: str, fact: RefundMade | RefundPending, now: datetime) -> GiftRefund:
    refund = asked_for(gift, fact.request_ref) or GiftRefund(gift=gift, asked_at=now)
    refund.gift, refund.cause_ref, refund.amount_minor = gift, fact.cause_ref, fact.amount_minor
    refund.state, refund.moved_at, refund.aside_of = State.PENDING, fact.at, aside_of
    claim(refund)
    return refund
