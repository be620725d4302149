"""A buyer's bank took money back: the partners' shares of it are set aside, and staff know that they must answer."""

from __future__ import annotations

from datetime import datetime

from partners.operations.hold_shares import hold_shares
from payments.facts import DisputeOpened
from shop.models import OrderEvent, OrderRefund
from shop.operations.set_refund_aside import kept_in
from shop.operations.tell_staff import tell_staff
from shop.outcomes import Outcome
from shop.refunding import goods_gone, goods_of, keep_spread, remaining, spread_dispute
from shop.subjects import lock_order


def open_dispute(fact: DisputeOpened, *, now: datetime) -> Outcome:
    """Split what was taken over what is left of the order, and hold its shares (rules/ledger.md E6a).

    The money itself is booked by its balance transaction. What was taken above all that is left is surplus and holds
    nothing. Returns DISPUTED, or ALREADY_KNOWN. In the caller's transaction; raises UnknownOrder, PaymentNotBooked.
    """
    order = lock_order(fact.subject)
    aside = kept_in(order, fact.charge_ref)
    if OrderRefund.objects.filter(order=order, cause_ref=fact.cause_ref).exists():
        return Outcome.ALREADY_KNOWN
    dispute = OrderRefund(
        order=order,
        charge_ref=fact.charge_ref,
        cause=OrderRefund.Cause.DISPUTE,
        cause_ref=fact.cause_ref,
        state=OrderRefund.State.DISPUTED,
        aside=aside,
        amount_minor=fact.amount_minor,
        code=fact.reason[:60],
        asked_at=now,
        moved_at=fact.at,
        answer_by=fact.answer_by,
    )
    if aside:
        dispute.save()
    else:
        before = goods_gone(order, claimed=True)
        spread = spread_dispute(remaining(order), fact.amount_minor)
        keep_spread(dispute, spread)
        hold_shares(
            source=order.ref,
            charge_ref=fact.charge_ref,
            cause=fact.cause_ref,
            refunded_minor=before,
            disputed_minor=goods_of(spread),
            at=fact.at,
            now=now,
        )
    OrderEvent.objects.create(order=order, kind=OrderEvent.Kind.DISPUTED, detail=fact.cause_ref, at=now)
    tell_staff(order, about="disputed", detail=fact.cause_ref, now=now)
    return Outcome.DISPUTED
