"""A refund came back after a dispute took the same gift: the dispute takes the parts that became free."""

from __future__ import annotations

from datetime import datetime

from donations.models import GiftRefund
from donations.refunding import gift_gone, spread_taken, widen
from partners.operations.hold_shares import hold_shares
from partners.operations.release_shares import release_shares
from payments.facts import DisputeLost, DisputeWon, RefundFailed
from payments.given_twice import name_loss_not_shared

State = GiftRefund.State


def widen_gift_disputes(refund: GiftRefund, fact: RefundFailed, *, now: datetime) -> None:
    """Spread the surplus of the gift's disputes over what `refund` left free, and hold the shares of it.

    Else a loss would touch no partner, although a lost dispute counts as refunded (DESIGN.md section 4). Of one that is
    lost already the entry stands; it is an exception. In the caller's transaction, the gift locked.
    """
    gift = refund.gift
    rows = gift.refunds.filter(cause=GiftRefund.Cause.DISPUTE, aside_of="", surplus_minor__gt=0)
    # Open ones first: what these take is not missing from a lost one.
    for dispute in rows.filter(state__in=[State.DISPUTED, State.LOST]).order_by("state", "pk"):
        before, (parts, surplus_minor) = gift_gone(gift, claimed=True), spread_taken(gift, dispute.surplus_minor)
        if not sum(parts):
            return
        if dispute.state == State.LOST:
            name_loss_not_shared(dispute.cause_ref, sum(parts), fact, now=now)
            continue
        widen(dispute, parts, surplus_minor)
        hold_shares(
            source=gift.ref,
            charge_ref=fact.charge_ref,
            cause=_cause(dispute, refund.cause_ref),
            refunded_minor=before,
            disputed_minor={gift.ref: parts[0]},
            at=fact.at,
            now=now,
        )


def release_widened(dispute: GiftRefund, fact: DisputeWon | DisputeLost, *, now: datetime) -> None:
    """Release what was held beside the dispute's own holds: it is over, and a loss takes it all back at once."""
    failed = dispute.gift.refunds.filter(cause=GiftRefund.Cause.REFUND, state=State.FAILED, aside_of="")
    for refund_ref in failed.exclude(cause_ref="").order_by("pk").values_list("cause_ref", flat=True):
        cause = _cause(dispute, refund_ref)
        release_shares(source=dispute.gift.ref, charge_ref=fact.charge_ref, cause=cause, at=fact.at, now=now)


def _cause(dispute: GiftRefund, refund_ref: str) -> str:
    """A share is held once for a cause, and the dispute itself may be one. Stripe's ids only: keys are the fact's own,
    so that however it was told, the entries are the same."""
    return f"{dispute.cause_ref}:{refund_ref.rpartition(':')[2]}"
