"""A refund of an order is in the books, spread over its parts, and each partner's share of it is taken back."""

from __future__ import annotations

from datetime import datetime

from ledger import builders
from ledger.operations.post_entry import post_entry
from partners.operations.reverse_shares import reverse_shares
from payments.facts import RefundMade, RefundPending
from payments.given_twice import name_given_twice
from people.queries import local_day
from shop.models import Order, OrderEvent, OrderRefund
from shop.operations.count_given_back import count_given_back
from shop.operations.set_refund_aside import kept_in, post_aside
from shop.operations.tell_buyer import tell_buyer_refunded
from shop.outcomes import Outcome
from shop.refunding import goods_gone, keep_spread, parts_of, remaining, spread_told
from shop.subjects import lock_order

State = OrderRefund.State


def record_refund(fact: RefundMade | RefundPending, *, now: datetime) -> Outcome:
    """Book a refund, whoever made it: staff here, or somebody at Stripe (rules/ledger.md E3; DESIGN.md section 4).

    A pending one claims its parts and moves nothing. Returns REFUNDED, PENDING, or ALREADY_KNOWN for the same news
    again. One that was not asked for here is spread by rule and left for staff to check. In the caller's transaction;
    raises UnknownOrder, PaymentNotBooked. What goes back above what is left of the payment, because the buyer's bank
    had taken that already, is our loss, touches no partner, and is an exception.
    """
    # 1. One piece of news about an order at a time.
    order = lock_order(fact.subject)
    aside = kept_in(order, fact.charge_ref)
    # 2. Its row, with the parts that it takes: split once, in the order in which money moved.
    refund = _claimed(order, fact, aside, now)
    if isinstance(fact, RefundPending):
        return _mark_pending(refund, now)
    if refund.state in (State.MADE, State.FAILED):
        return Outcome.ALREADY_KNOWN
    refund.state, refund.moved_at = State.MADE, fact.at
    refund.save(update_fields=["state", "moved_at"])
    # 3. The books: the parts against clearing.
    if aside:
        post_aside(builders.deposit_refunded, refund, fact, refund_ref=fact.cause_ref, now=now)
    else:
        _post(refund, fact, now)
        name_given_twice(fact, refund.surplus_minor, now=now)
    # 4. What the order shows, and what its buyer hears.
    count_given_back(order)
    OrderEvent.objects.create(order=order, kind=OrderEvent.Kind.REFUNDED, detail=fact.cause_ref, at=now)
    tell_buyer_refunded(refund, now=now)
    return Outcome.REFUNDED


def _claimed(order: Order, fact: RefundMade | RefundPending, aside: str, now: datetime) -> OrderRefund:
    known = OrderRefund.objects.filter(order=order, cause_ref=fact.cause_ref).first()
    if known is not None:
        return known
    refund = asked_for(order, fact.request_ref) or OrderRefund(order=order, asked_at=now)
    refund.charge_ref, refund.cause_ref, refund.amount_minor = fact.charge_ref, fact.cause_ref, fact.amount_minor
    refund.state, refund.aside, refund.moved_at = State.PENDING, aside, fact.at
    if aside:
        refund.save()
    else:
        keep_spread(refund, spread_told(remaining(order, without=refund), fact.amount_minor, refund.part))
    return refund


def asked_for(order: Order, request_ref: str) -> OrderRefund | None:
    """Our own request, of which we hear for the first time that it became a refund."""
    name, _, number = request_ref.partition(":")
    if name != "order_refund" or not (number.isascii() and number.isdigit()):
        return None
    return OrderRefund.objects.filter(pk=int(number), order=order, cause_ref="").first()


def _mark_pending(refund: OrderRefund, now: datetime) -> Outcome:
    events = OrderEvent.objects.filter(order=refund.order, kind=OrderEvent.Kind.REFUND_PENDING, detail=refund.cause_ref)
    if refund.state != State.PENDING or events.exists():
        return Outcome.ALREADY_KNOWN
    OrderEvent.objects.create(order=refund.order, kind=OrderEvent.Kind.REFUND_PENDING, detail=refund.cause_ref, at=now)
    return Outcome.PENDING


def _post(refund: OrderRefund, fact: RefundMade, now: datetime) -> None:
    order = refund.order
    post_entry(
        builders.refund(
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
        cause=fact.cause_ref,
        refunded_minor=goods_gone(order),
        at=fact.at,
        now=now,
    )
