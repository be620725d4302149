"""Somebody on our side knows that an order needs them."""

from __future__ import annotations

from datetime import datetime

from people.operations.queue_mail import queue_mail
from people.queries import organisation
from shop.models import Order

SUBJECTS = {
    "mismatch": "a payment does not match",
    "refund_refused": "Stripe refused a refund that is due",
    "refund_failed": "a refund came back",
    "disputed": "the buyer's bank took the money back",
    "dispute_lost": "a dispute is lost",
}

APART = "Nothing was sold or shared for this money; it stands apart in the books."
WHAT = {
    "refund_refused": "It was charged without a sale, so the buyer is owed it: give it back some other way.",
    "refund_failed": "The buyer is owed it again, and the partners' shares stand as before the refund.",
    "disputed": "Answer the bank at Stripe in time; the partners' shares of it are set aside until the bank decides.",
    "dispute_lost": "The money stays away, and the partners' shares of it were taken back.",
}


def tell_staff(order: Order, *, about: str, detail: str, now: datetime) -> None:
    """Queue a mail to the organisation's own address, once per order and fact; without one the desk still lists it.

    `about` is one of SUBJECTS; `detail` holds ids and fixed words only.
    """
    to = organisation().contact_email
    if not to:
        return
    queue_mail(
        key=f"{order.ref}:staff:{about}:{detail}"[:200],
        to=to,
        subject=f"Order {order.number}: {SUBJECTS[about]}",
        template="shop/mail/staff_notice",
        context={"order": order, "about": about, "detail": detail, "what": WHAT.get(about, APART)},
        now=now,
    )
