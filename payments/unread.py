"""Events that we receive on purpose or by the account's settings, and why nobody reads them."""

from __future__ import annotations

from typing import Final

ELSEWHERE: Final[dict[str, str]] = {
    "charge.expired": "nothing was taken",
    "charge.failed": "the checkout stays open, or the invoice's own event tells",
    "charge.pending": "the checkout's own event tells",
    "checkout.session.created": "we opened it ourselves",
    "customer.created": "the plan's own event tells",
    "customer.deleted": "we keep our own supporters",
    "customer.updated": "we keep our own supporters",
    "customer.subscription.created": "the checkout's own event tells",
    "invoice.created": "nothing is paid yet",
    "invoice.finalized": "nothing is paid yet",
    "invoice.payment_action_required": "invoice.payment_failed tells",
    "invoice.payment_succeeded": "invoice.paid tells",
    "invoice.upcoming": "nothing is paid yet",
    "invoice.updated": "invoice.paid and invoice.payment_failed tell",
    "invoice_payment.paid": "invoice.paid tells",
    "payment_intent.canceled": "the checkout's own event tells",
    "payment_intent.created": "nothing is paid yet",
    "payment_intent.payment_failed": "the checkout stays open, or the invoice's own event tells",
    "payment_intent.processing": "the checkout's own event tells",
    "payment_intent.requires_action": "nothing is paid yet",
    "payment_intent.succeeded": "the checkout's or the invoice's own event tells",
}

# Money of ours moves and no entry follows: kept, ignored, and said aloud in the log so that somebody looks.
MOVES_MONEY: Final[tuple[str, ...]] = (
    "charge.refunded",
    "charge.dispute.",
    "refund.",
    "topup.",
    "transfer.",
)


def reason(event_type: str) -> str:
    """Why nobody reads events of this type."""
    if moves_money(event_type):
        return "moves money that this version does not follow"
    return ELSEWHERE.get(event_type, f"nobody reads {event_type}")


def moves_money(event_type: str) -> bool:
    return event_type.startswith(MOVES_MONEY)
