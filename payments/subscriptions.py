"""Subscriptions and customers as another system left them at Stripe, in plain words, and what we could not carry on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import stripe

from payments import gateway
from payments.models import AdoptedSubscription
from payments.readers.subscriptions import OVER
from payments.readers.words import (
    EMAIL_MAX,
    NAME_MAX,
    mail_address,
    moment,
    moment_or_none,
    present,
    reference,
    typed,
    word,
)

__all__ = ["EMAIL_MAX", "CustomerFound", "SubscriptionFound", "customers_found", "subscriptions_found"]

_STATES: Final[Mapping[str, str]] = {
    "incomplete": "its first payment was not made yet",
    "trialing": "it is in a trial",
    "past_due": "its last payment failed",
    "unpaid": "its payments failed",
    "paused": "it is paused",
}
Progress = Callable[[int], None]


@dataclass(frozen=True, kw_only=True)
class CustomerFound:
    """A customer; `email` is empty where there is none that mail can be sent to."""

    customer_ref: str
    email: str
    name: str
    is_deleted: bool = False


@dataclass(frozen=True, kw_only=True)
class SubscriptionFound:
    """A subscription; `amount_minor` is what each period takes, None where that is no fixed amount.

    `obstacles` say why it is no plain monthly gift, in words; `is_over` that it takes no more money. `kind` and
    `subject` are those of what it carries with us, empty for another system's.
    """

    subscription_ref: str
    customer: CustomerFound
    currency: str
    amount_minor: int | None
    price_ref: str
    product_ref: str
    metadata: Mapping[str, str]
    anchor_at: datetime
    started_at: datetime
    created_at: datetime
    next_at: datetime | None
    is_over: bool
    kind: str
    subject: str
    obstacles: tuple[str, ...]


def subscriptions_found(progress: Progress = lambda _number: None) -> Iterator[SubscriptionFound]:
    """Every subscription of the account, once each. Raises StripeUnavailable.

    Newest first, a page after the other: what is made meanwhile lies ahead of the first page and moves no other, so
    nothing that was there is missed; the next listing has the rest (rules/reliability.md row 29).
    """
    seen: set[str] = set()
    rows = AdoptedSubscription.objects.values_list("subscription_id", "kind", "subject")
    adopted = {ref: (kind, subject) for ref, kind, subject in rows}
    for found in gateway.client().every("subscription", {"expand": ["data.customer"]}):
        if found.id not in seen:
            seen.add(found.id)
            progress(len(seen))
            yield _subscription(found, adopted)


def customers_found(progress: Progress = lambda _number: None) -> Iterator[CustomerFound]:
    """Every customer of the account, once each. Raises StripeUnavailable."""
    seen: set[str] = set()
    for found in gateway.client().every("customer", {}):
        if found.id not in seen:
            seen.add(found.id)
            progress(len(seen))
            yield _customer(found)


def _subscription(found: stripe.Subscription, adopted: Mapping[str, tuple[str, str]]) -> SubscriptionFound:
    items = found["items"].data
    price = items[0].price if items else None
    ends = [item.current_period_end for item in items]
    kind, subject = adopted.get(found.id) or (word(found.metadata, "kind"), word(found.metadata, "subject"))
    return SubscriptionFound(
        subscription_ref=found.id,
        customer=_customer(found.customer),
        currency=found.currency,
        amount_minor=price.unit_amount if price is not None else None,
        price_ref=price.id if price is not None else "",
        product_ref=reference(price.product) if price is not None else "",
        metadata={str(key): str(value) for key, value in found.metadata.to_dict().items()} if found.metadata else {},
        anchor_at=moment(found.billing_cycle_anchor),
        started_at=moment(found.start_date),
        created_at=moment(found.created),
        next_at=moment_or_none(min(ends)) if ends else None,
        is_over=found.status in OVER,
        kind=kind,
        subject=subject,
        obstacles=tuple(_obstacles(found)),
    )


def _customer(found: Any) -> CustomerFound:
    """A customer whole, or only its id where Stripe gave no more."""
    if isinstance(found, str) or present(found, "deleted"):
        return CustomerFound(customer_ref=reference(found), email="", name="", is_deleted=True)
    return CustomerFound(
        customer_ref=found.id, email=mail_address(found.email), name=typed(found.name, at_most=NAME_MAX)
    )


def _obstacles(found: stripe.Subscription) -> Iterator[str]:
    items = found["items"].data
    if found.status in _STATES:
        yield _STATES[found.status]
    if found.pause_collection:
        yield "its collection is paused"
    if found.schedule:
        yield "a schedule changes it"
    if found.cancel_at_period_end or found.cancel_at:
        yield "it ends by itself"
    if found.collection_method != "charge_automatically":
        yield "it is paid by invoice"
    if found.automatic_tax and found.automatic_tax.enabled:
        yield "tax is added to it"
    if found.discounts:
        yield "a discount is taken off it"
    if len(items) != 1:
        yield f"it has {len(items)} items"
    elif (quantity := present(items[0], "quantity")) != 1:
        yield f"its quantity is {quantity}"
    if any(item.price.unit_amount is None for item in items):
        yield "its price is no fixed amount"
    if any(not _is_monthly(item.price) for item in items):
        yield "it is not monthly"


def _is_monthly(price: stripe.Price) -> bool:
    recurring = price.recurring
    return recurring is not None and (recurring.interval, recurring.interval_count) == ("month", 1)
