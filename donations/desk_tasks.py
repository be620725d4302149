"""What waits for staff in gifts: refunds to look after, disputes to answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Q
from django.urls import reverse

from donations.models import GiftRefund
from partners.desk import FINANCE, DeskTask
from people.money import format_minor
from people.queries import local_day

HANDS = ("donor care", *FINANCE)  # who may look at a gift's money; who may move it is for the page to say
ANSWERED_WITHIN = timedelta(minutes=10)
State = GiftRefund.State
WORDS = {
    "disputed": ("Answer the dispute", "the donor's bank took it back; answer it at Stripe."),
    "failed": ("Send back once more the refund", "it came back to us; the donor is still owed it."),
    "at_stripe": ("Look at the refund", "it was made at Stripe."),
    "unanswered": ("Look after the refund", "Stripe has not answered yet; it is asked again by itself."),
}


def waiting(now: datetime) -> list[DeskTask]:
    """Each with a link to its gift. One query."""
    return [_task(refund, *WORDS[why]) for refund, why in _open(now)]


def _open(now: datetime) -> Iterator[tuple[GiftRefund, str]]:
    open_rows = Q(state__in=[State.ASKED, State.DISPUTED]) | Q(state__in=[State.MADE, State.FAILED], checked_at=None)
    for refund in GiftRefund.objects.filter(open_rows).select_related("gift").order_by("asked_at"):
        if refund.state == State.DISPUTED:
            yield refund, "disputed"
        elif refund.state == State.FAILED:
            yield refund, "failed"
        elif refund.state == State.MADE and refund.asked_by_id is None:
            yield refund, "at_stripe"
        elif refund.state == State.ASKED and refund.asked_at < now - ANSWERED_WITHIN:
            yield refund, "unanswered"


def _task(refund: GiftRefund, title: str, detail: str) -> DeskTask:
    amount = format_minor(refund.amount_minor, refund.currency)
    if refund.answer_by and refund.state == State.DISPUTED:
        detail = f"{detail} Until {local_day(refund.answer_by):%-d %B %Y}."
    href = reverse("donations:desk_gift", args=[refund.gift_id])
    return DeskTask(f"{title} of gift {refund.gift_id}", f"{amount}: {detail}", refund.asked_at, href, HANDS)
