"""A refund came back after a dispute took the same money: the dispute takes the parts that became free."""

from __future__ import annotations

from datetime import datetime

from partners.operations.hold_shares import hold_shares
from partners.operations.release_shares import release_shares
from payments.facts import DisputeLost, DisputeWon, RefundFailed
from payments.given_twice import name_loss_not_shared
from shop.models import OrderRefund
from shop.refunding import goods_gone, goods_of, remaining, spread_dispute, widen_spread

State = OrderRefund.State


def widen_disputes(refund: OrderRefund, fact: RefundFailed, *, now: datetime) -> None:
    """Spread the surplus of the order's disputes over what `refund` left free, and hold the shares of it.

    Else a loss would touch no partner and no tax, although a lost dispute counts as refunded (DESIGN.md section 4). Of
    one that is lost already the entry stands; it is an exception. In the caller's transaction, the order locked.
    """
    order = refund.order
    rows = order.refunds.filter(cause=OrderRefund.Cause.DISPUTE, aside="", surplus_minor__gt=0)
    # Open ones first: what these take is not missing from a lost one.
    for dispute in rows.filter(state__in=[State.DISPUTED, State.LOST]).order_by("state", "pk"):
        before, spread = goods_gone(order, claimed=True), spread_dispute(remaining(order), dispute.surplus_minor)
        if not spread.total_minor:
            return
        if dispute.state == State.LOST:
            name_loss_not_shared(dispute.cause_ref, spread.total_minor, fact, now=now)
            continue
        widen_spread(dispute, spread)
        hold_shares(
            source=order.ref,
            charge_ref=dispute.charge_ref,
            cause=_cause(dispute, refund.cause_ref),
            refunded_minor=before,
            disputed_minor=goods_of(spread),
            at=fact.at,
            now=now,
        )


def release_widened(dispute: OrderRefund, fact: DisputeWon | DisputeLost, *, now: datetime) -> None:
    """Release what was held beside the dispute's own holds: it is over, and a loss takes it all back at once."""
    failed = dispute.order.refunds.filter(cause=OrderRefund.Cause.REFUND, state=State.FAILED)
    for refund_ref in failed.exclude(cause_ref="").order_by("pk").values_list("cause_ref", flat=True):
        cause = _cause(dispute, refund_ref)
        release_shares(source=dispute.order.ref, charge_ref=fact.charge_ref, cause=cause, at=fact.at, now=now)


def _cause(dispute: OrderRefund, refund_ref: str) -> str:
    """A share is held once for a cause, and the dispute itself may be one. Stripe's ids only: keys are the fact's own,
    so that however it was told, the entries are the same."""
    return f"{dispute.cause_ref}:{refund_ref.rpartition(':')[2]}"
