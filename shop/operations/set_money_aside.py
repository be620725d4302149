"""Money that came for an order but bought nothing is kept apart in the books, and goes back.

A deposit goes back by itself: its refund is written down with it, and asked of Stripe once that is committed. Of what
nobody can explain staff are told. These three are called by `mark_order_paid` with the order locked, inside its
transaction.
"""

from __future__ import annotations

from datetime import datetime

from ledger import builders
from ledger.builders import About
from ledger.operations.post_entry import Outcome as Posting
from ledger.operations.post_entry import Posted, post_entry
from payments.facts import CheckoutPaid
from people.queries import local_day
from people.wake import wake
from shop.models import Order, OrderEvent, OrderRefund
from shop.operations.close_order import release_holds
from shop.operations.send_refunds import TASK as SEND_REFUNDS
from shop.operations.tell_buyer import tell_buyer_charged_twice, tell_buyer_refund_due
from shop.operations.tell_staff import tell_staff
from shop.outcomes import Outcome

Because = Order.ClosedBecause


def set_mismatch_aside(order: Order, fact: CheckoutPaid, differences: list[str], *, now: datetime) -> Outcome:
    """The payment is not what was asked: to suspense, pieces back on the shelf, somebody must look. MISMATCH."""
    release_holds(order, now=now)
    _owe(order, fact, Because.MISMATCH)
    post_entry(
        builders.suspense(charge_ref=fact.charge_ref, amount_minor=fact.total_minor, **_about(order, fact)), now=now
    )
    detail = f"{', '.join(differences)}: {fact.charge_ref}"
    OrderEvent.objects.create(order=order, kind=OrderEvent.Kind.MISMATCH, detail=detail, at=now)
    tell_staff(order, about="mismatch", detail=detail, now=now)
    return Outcome.MISMATCH


def owe_refund(order: Order, fact: CheckoutPaid, *, now: datetime) -> Outcome:
    """Paid after the pieces were released, and none are left: a deposit, given back at once. REFUND_DUE."""
    _owe(order, fact, Because.SOLD_OUT)
    _keep_as_deposit(order, fact, now)
    OrderEvent.objects.create(order=order, kind=OrderEvent.Kind.REFUND_DUE, detail=fact.charge_ref, at=now)
    refund = _give_back(order, fact, now)
    tell_buyer_refund_due(refund, now=now)
    return Outcome.REFUND_DUE


def keep_second_charge(order: Order, fact: CheckoutPaid, *, now: datetime) -> Outcome:
    """Another charge for an order that has one: a deposit, kept and given back once however often it is told.

    SECOND_CHARGE.
    """
    if _keep_as_deposit(order, fact, now).outcome is Posting.POSTED:
        OrderEvent.objects.create(order=order, kind=OrderEvent.Kind.SECOND_CHARGE, detail=fact.charge_ref, at=now)
        refund = _give_back(order, fact, now)
        tell_buyer_charged_twice(refund, now=now)
    return Outcome.SECOND_CHARGE


def _owe(order: Order, fact: CheckoutPaid, because: Order.ClosedBecause) -> None:
    order.state, order.closed_because = Order.State.REFUND_DUE, because
    order.charge_ref, order.paid_at = fact.charge_ref, fact.paid_at
    order.save(update_fields=["state", "closed_because", "charge_ref", "paid_at"])


def _keep_as_deposit(order: Order, fact: CheckoutPaid, now: datetime) -> Posted:
    draft = builders.deposit(charge_ref=fact.charge_ref, amount_minor=fact.total_minor, **_about(order, fact))
    return post_entry(draft, now=now)


def _give_back(order: Order, fact: CheckoutPaid, now: datetime) -> OrderRefund:
    """The whole charge, asked for by nobody: the row is the promise, the worker keeps it."""
    refund = OrderRefund.objects.create(
        order=order,
        charge_ref=fact.charge_ref,
        state=OrderRefund.State.ASKED,
        because=OrderRefund.Because.NOT_SOLD,
        aside=OrderRefund.Aside.DEPOSITS,
        amount_minor=fact.total_minor,
        asked_at=now,
        checked_at=now,
    )
    OrderEvent.objects.create(order=order, kind=OrderEvent.Kind.REFUND_ASKED, detail=refund.ref, at=now)
    wake(SEND_REFUNDS)
    return refund


def _about(order: Order, fact: CheckoutPaid) -> About:
    """The whole charge is set aside, in the currency that was paid (rules/ledger.md section 5)."""
    return {
        "source": order.ref,
        "event_at": fact.paid_at,
        "effective_on": local_day(fact.paid_at),
        "currency": fact.currency,
    }
