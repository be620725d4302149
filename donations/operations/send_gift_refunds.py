"""Every refund of a gift that was written down has been asked of Stripe, whoever died before asking."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import structlog

from donations.models import GiftRefund
from payments.operations.refund_charge import RefundRequest, StripeRefused, StripeUnavailable, refund_charge
from payments.queries import refunds_to_ask

TASK: Final = "donations.tasks.send_gift_refunds"
AT_ONCE: Final = 50
log = structlog.get_logger(__name__)


def send_gift_refunds(*, now: datetime) -> int:
    """Ask for what nobody has asked for yet; returns how many. Never inside a transaction: it calls out.

    The request's key makes it one refund, however many ask at once. One that Stripe knows of already is followed by
    payments' own sweep.
    """
    asked = GiftRefund.objects.filter(state=GiftRefund.State.ASKED).select_related("gift").order_by("asked_at", "pk")
    rows = {refund.ref: refund for refund in asked}
    wanted = refunds_to_ask(rows) if rows else set()
    due = [refund for ref, refund in rows.items() if ref in wanted][:AT_ONCE]
    for refund in due:
        try:
            send_gift_refund(refund, now=now)
        except Exception:  # one refund's trouble keeps no other from its turn; the sweep takes it up again
            log.exception("refund_not_sent", refund=refund.ref)
    return len(due)


def send_gift_refund(refund: GiftRefund, *, now: datetime) -> None:
    """Ask for one. What stays unknown stays ASKED: the sweep asks again, or the refund's own event tells."""
    gift = refund.gift
    request = RefundRequest(
        kind="plan" if gift.plan_id else "gift",
        subject=f"plan:{gift.plan_id}" if gift.plan_id else gift.ref,
        charge_ref=gift.charge_ref or "",
        amount_minor=refund.amount_minor,
        request_ref=refund.ref,
    )
    try:
        refund_charge(request=request, now=now)
    except StripeUnavailable:
        log.warning("refund_not_answered", refund=refund.ref)
    except StripeRefused as refusal:
        log.warning("refund_refused", refund=refund.ref, code=refusal.code)
