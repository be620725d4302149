"""A payment that is not what a gift asked for stands in suspense, and somebody must look; it may go back from there.

Called by the operations about gifts, refunds and disputes with the gift locked, inside their transaction.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Sum

from donations.discrepancies import PAID_OTHERWISE, TAKEN_OUT_TWICE
from donations.models import Gift, GiftRefund
from donations.outcomes import Outcome
from ledger import builders
from ledger.discrepancies import Found
from ledger.drafts import EntryDraft
from ledger.models import Posting
from ledger.operations.open_exception import close_exceptions, open_exception
from ledger.operations.post_entry import Outcome as Posted
from ledger.operations.post_entry import post_entry
from ledger.taken_out import taken_out
from payments.facts import CheckoutPaid, Returned
from people.queries import local_day


def set_gift_aside(gift: Gift, fact: CheckoutPaid, *, now: datetime) -> Outcome:
    """Keep the payment of `fact` in suspense, whole, as for orders. A gift that was paid already stays as it is.

    Returns MISMATCH, or ALREADY_RECORDED for the same payment again.
    """
    if gift.charge_ref is None:
        gift.state, gift.charge_ref, gift.paid_at = Gift.State.ASIDE, fact.charge_ref, fact.paid_at
        gift.save(update_fields=["state", "charge_ref", "paid_at"])
    posted = post_entry(
        builders.suspense(
            charge_ref=fact.charge_ref,
            amount_minor=fact.total_minor,
            source=gift.ref,
            event_at=fact.paid_at,
            effective_on=local_day(fact.paid_at),
            currency=fact.currency,
        ),
        now=now,
    )
    if posted.outcome is not Posted.POSTED:
        return Outcome.ALREADY_RECORDED
    name_aside(gift, fact.charge_ref, fact.currency, now=now)
    return Outcome.MISMATCH


def post_aside(build: Any, refund: GiftRefund, fact: Returned, *, now: datetime, **named: str) -> None:
    """Post what `build` (a builder about deposits) makes of a refund or dispute that has one part, the whole of it."""
    draft: EntryDraft = build(
        **named,
        amount_minor=refund.amount_minor,
        kept_in="suspense",
        source=refund.gift.ref,
        event_at=fact.at,
        effective_on=local_day(fact.at),
        currency=fact.currency,
    )
    post_entry(draft, now=now)
    name_aside(refund.gift, refund.aside_of, fact.currency, now=now)


def name_aside(gift: Gift, charge_ref: str, currency: str, *, now: datetime) -> None:
    """Have an exception open for what of this payment is still in suspense, and none once all of it left; another for
    what left twice, by an entry by hand and to the donor."""
    kept = Posting.objects.filter(entry__idempotency_key=f"{charge_ref}:suspense").aggregate(sum=Sum("amount_minor"))
    gone = gift.refunds.filter(aside_of=charge_ref, state__in=GiftRefund.GONE).aggregate(sum=Sum("amount_minor"))
    left_minor = (kept["sum"] or 0) - (gone["sum"] or 0)
    left_minor -= taken_out("suspense", charge_ref, currency, PAID_OTHERWISE)
    for kind, amount_minor in ((PAID_OTHERWISE, left_minor), (TAKEN_OUT_TWICE, -left_minor)):
        if amount_minor > 0:
            open_exception(kind, Found(charge_ref, amount_minor, currency, f"for {gift.ref}"), now=now)
        else:
            close_exceptions(kind, [charge_ref], now=now)
