"""A refund came back, or never left: the books mirror it, and the partners' shares are figured again."""

from __future__ import annotations

from datetime import datetime

from ledger import builders
from ledger.operations.post_entry import post_entry
from partners.operations.reverse_shares import reverse_shares
from payments.facts import RefundFailed, RefundRefused
from payments.given_twice import name_given_twice
from people.queries import local_day
from shop.models import Order, OrderEvent, OrderRefund
from shop.operations.count_given_back import count_given_back
from shop.operations.record_refund import asked_for
from shop.operations.set_refund_aside import kept_in, post_aside
from shop.operations.tell_staff import tell_staff
from shop.operations.widen_disputes import widen_disputes
from shop.outcomes import Outcome
from shop.refunding import goods_gone, parts_of
from shop.subjects import lock_order

State = OrderRefund.State


def undo_refund(fact: RefundFailed, *, now: datetime) -> Outcome:
    """Mirror a refund that failed later (rules/ledger.md section 5 "Refund failed"); the buyer is owed it again.

    Returns REFUND_FAILED, or ALREADY_KNOWN for the same news again. One that never left our balance has no entry to
    mirror. In the caller's transaction; raises UnknownOrder, PaymentNotBooked.
    """
    order = lock_order(fact.subject)
    kept_in(order, fact.charge_ref)
    refund = OrderRefund.objects.filter(order=order, cause_ref=fact.cause_ref).first()
    refund = refund or asked_for(order, fact.request_ref) or OrderRefund(order=order, asked_at=now)
    if refund.state == State.FAILED:
        return Outcome.ALREADY_KNOWN
    had_parts, was_made = refund.state in OrderRefund.CLAIMS, refund.state == State.MADE
    refund.charge_ref, refund.cause_ref, refund.amount_minor = fact.charge_ref, fact.cause_ref, fact.amount_minor
    refund.state, refund.moved_at, refund.checked_at = State.FAILED, fact.at, None
    refund.save()
    if was_made:
        _mirror(refund, fact, now)
        name_given_twice(fact, 0, now=now)
    if had_parts and not refund.aside:
        widen_disputes(refund, fact, now=now)
    count_given_back(order)
    OrderEvent.objects.create(order=order, kind=OrderEvent.Kind.REFUND_FAILED, detail=fact.cause_ref, at=now)
    tell_staff(order, about="refund_failed", detail=fact.cause_ref, now=now)
    return Outcome.REFUND_FAILED


def refuse_refund(fact: RefundRefused, *, now: datetime) -> Outcome:
    """Stripe will not make a refund that was asked for: nothing moved, and its part may be asked for again.

    Staff are told of one that nobody of them asked for: the buyer is still owed it. Returns REFUSED, or ALREADY_KNOWN.
    In the caller's transaction; raises UnknownOrder.
    """
    order = lock_order(fact.subject)
    refund = asked_for(order, fact.request_ref)
    if refund is None or refund.state != State.ASKED:
        return Outcome.ALREADY_KNOWN
    refund.state, refund.code = State.REFUSED, fact.code[:60]
    refund.save(update_fields=["state", "code"])
    OrderEvent.objects.create(order=order, kind=OrderEvent.Kind.REFUND_REFUSED, detail=refund.ref, at=now)
    if refund.asked_by_id is None:
        tell_staff(order, about="refund_refused", detail=refund.charge_ref, now=now)
    return Outcome.REFUSED


def _mirror(refund: OrderRefund, fact: RefundFailed, now: datetime) -> None:
    order: Order = refund.order
    if refund.aside:
        post_aside(builders.deposit_refund_failed, refund, fact, refund_ref=fact.cause_ref, now=now)
        return
    post_entry(
        builders.refund_failed(
            refund_ref=fact.cause_ref,
            parts=parts_of(refund),
            surplus_minor=refund.surplus_minor,
            source=order.ref,
            event_at=fact.at,
            effective_on=local_day(fact.at),
            currency=fact.currency,
        ),
        now=now,
    )
    reverse_shares(
        source=order.ref,
        charge_ref=fact.charge_ref,
        cause=f"{fact.cause_ref}:failed",
        refunded_minor=goods_gone(order),
        at=fact.at,
        now=now,
    )
