"""What waits for staff in gifts: refunds to look after, disputes to answer."""

from __future__ import annotations

from datetime import datetime

from django.db.models.functions import Coalesce
from django.urls import reverse

from donations.models import GiftRefund
from payments.queries import currency_of
from payments.refund_tasks import refund_tasks
from people.desk import FINANCE, DeskTask

HANDS = ("donor care", *FINANCE)  # whose the work is
WORDS = {
    "disputed": ("Answer the dispute", "the donor's bank took it back; answer it at Stripe."),
    "failed": ("Send back once more the refund", "it came back to us; the donor is still owed it."),
    "at_stripe": ("Look at the refund", "it was made at Stripe."),
    "unanswered": ("Look after the refund", "Stripe has not answered yet; it is asked again by itself."),
}


def waiting(now: datetime) -> list[DeskTask]:
    """Each with a link to its gift. One query."""
    paid_in = Coalesce(currency_of("aside_of"), "gift__currency")  # a payment in suspense may be in another one
    rows = GiftRefund.objects.select_related("gift").annotate(currency=paid_in)
    return refund_tasks(rows, WORDS, _where, roles=HANDS, now=now)


def _where(refund: GiftRefund) -> tuple[str, str]:
    return f"gift {refund.gift_id}", reverse("donations:desk_gift", args=[refund.gift_id])
