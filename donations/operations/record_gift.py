"""A gift that was paid for is in the books, its shares are promised, and the donor is thanked; once."""

from __future__ import annotations

from datetime import datetime

from donations.models import Gift
from donations.operations.book_gift import book_gift
from donations.operations.set_gift_aside import set_gift_aside
from donations.operations.write_mails import thank_for_gift
from donations.outcomes import Outcome
from donations.subjects import lock_gift
from payments.facts import CheckoutPaid
from people.operations.find_or_make_supporter import find_or_make_supporter


def record_gift(fact: CheckoutPaid, *, now: datetime) -> Outcome:
    """Record the gift that `fact` paid for (DESIGN.md section 5). In the caller's transaction.

    A second telling of the same charge answers ALREADY_RECORDED. A checkout that had run out here but was paid
    after all is recorded: the money came. What is not as asked (another currency or amount, a second charge) is no
    gift: it stands in suspense with an exception, MISMATCH. Raises UnknownSubject.
    """
    gift = lock_gift(fact.subject)
    if gift.charge_ref == fact.charge_ref:
        return Outcome.ALREADY_RECORDED
    if gift.charge_ref or (fact.currency, fact.total_minor) != (gift.currency, gift.charged_minor):
        return set_gift_aside(gift, fact, now=now)
    supporter = find_or_make_supporter(email=fact.email or gift.email, name=gift.name or fact.name, now=now)
    gift.state, gift.supporter = Gift.State.PAID, supporter
    gift.paid_at, gift.charge_ref = fact.paid_at, fact.charge_ref
    gift.save(update_fields=["state", "supporter", "paid_at", "charge_ref"])
    book_gift(gift, now=now)
    thank_for_gift(gift, now=now)
    return Outcome.RECORDED
