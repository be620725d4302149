"""Money that bought nothing goes back out of where it was kept: customer deposits or suspense.

Called by the operations about refunds and disputes with the order locked, inside their transaction.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ledger.builders.sales import KeptIn
from ledger.drafts import EntryDraft
from ledger.operations.post_entry import post_entry
from ledger.queries import entry_by_key
from payments.facts import Returned
from people.queries import local_day
from shop.models import Order, OrderRefund

Aside = OrderRefund.Aside


class PaymentNotBooked(Exception):
    """Money went back of a payment that is not in the books yet: its own event is still to come, so try again."""


def kept_in(order: Order, charge_ref: str) -> str:
    """Where the payment lies that bought nothing: deposits, suspense, or "" for one that paid the order.

    Raises PaymentNotBooked.
    """
    for suffix, aside in (("sale", ""), ("deposit", Aside.DEPOSITS), ("suspense", Aside.SUSPENSE)):
        if entry_by_key(f"{charge_ref}:{suffix}"):
            return str(aside)
    raise PaymentNotBooked(f"{order.ref}: {charge_ref}")


def post_aside(build: Any, refund: OrderRefund, fact: Returned, *, now: datetime, **named: str) -> None:
    """Post what `build` (a builder about deposits) makes of a refund or dispute that has one part, the whole of it."""
    where: KeptIn = "suspense" if refund.aside == Aside.SUSPENSE else "deposits"
    draft: EntryDraft = build(
        **named,
        amount_minor=refund.amount_minor,
        kept_in=where,
        source=refund.order.ref,
        event_at=fact.at,
        effective_on=local_day(fact.at),
        currency=fact.currency,
    )
    post_entry(draft, now=now)
