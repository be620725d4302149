"""An attempt to give is a row before it is anything at Stripe, and the same form twice is the same row.

The form carries a key of its own, kept across double clicks and refreshes (rules/giving.md 3.3). The same key with
the same words is the same attempt; with other words (the donor went back and changed the amount) it is a new one,
and the older page at Stripe is closed before the new one opens.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from donations.links import hash_of, token_for
from donations.models import Fund, Gift, Plan

CHECKOUT_OPEN = timedelta(hours=1)  # Stripe allows 30 minutes to 24 hours
MARGIN = timedelta(minutes=5)
Attempt = TypeVar("Attempt", Gift, Plan)


class FundClosed(Exception):
    """The fund takes no gifts on this day."""


class AmountOutOfBounds(Exception):
    """The amount lies outside what the fund takes; `minimum_minor` and `maximum_minor` say what it takes."""

    def __init__(self, fund: Fund) -> None:
        super().__init__(fund.slug)
        self.minimum_minor, self.maximum_minor = fund.minimum_minor, fund.maximum_minor


@dataclass(frozen=True, slots=True)
class Intent:
    """What a visitor wants to give: amount in minor units, the address and name as typed, the form's own key."""

    form_key: UUID
    fund: Fund
    amount_minor: int
    currency: str
    email: str
    name: str
    ip_address: str


def check_bounds(intent: Intent, *, open_now: bool) -> None:
    """Raises FundClosed or AmountOutOfBounds."""
    if not open_now:
        raise FundClosed
    if not intent.fund.minimum_minor <= intent.amount_minor <= intent.fund.maximum_minor:
        raise AmountOutOfBounds(intent.fund)


def take_attempt(model: type[Attempt], intent: Intent, *, now: datetime) -> Attempt:
    """The row of this form and these words, made when there is none that can still be used. In a transaction."""
    stem = _stem(model, intent)
    earlier = model.objects.filter(attempt_key__startswith=f"{stem}:").order_by("-pk").first()
    if earlier is not None and _usable(earlier, now):
        return earlier
    number = int(earlier.attempt_key.rpartition(":")[2]) + 1 if earlier is not None else 1
    amount = {"charged_minor" if model is Gift else "amount_minor": intent.amount_minor}
    key = f"{stem}:{number}"
    taken, _ = model.objects.get_or_create(
        attempt_key=key,
        defaults={
            "form_key": intent.form_key,
            "token_hash": hash_of(token_for(key)),
            "email": intent.email,
            "name": intent.name,
            "fund": intent.fund,
            "currency": intent.currency,
            "asked_at": now,
            **amount,
        },
    )
    return taken


def overtaken_by(kept: Gift | Plan) -> list[Gift | Plan]:
    """The same form's other attempts that may still have an open page at Stripe."""
    others: list[Gift | Plan] = []
    if kept.form_key is None:
        return others
    for model in (Gift, Plan):
        waiting = model.objects.filter(form_key=kept.form_key, state="pending").order_by("pk")
        others += [row for row in waiting if row.ref != kept.ref]
    return others


def _stem(model: type[Attempt], intent: Intent) -> str:
    words = (intent.fund.pk, intent.amount_minor, intent.currency, intent.email.lower(), intent.name)
    digest = hashlib.sha256("\n".join(map(str, words)).encode()).hexdigest()[:16]
    return f"{model._meta.model_name}:{intent.form_key.hex}:{digest}"


def _usable(attempt: Gift | Plan, now: datetime) -> bool:
    if attempt.state in ("expired", "failed", "cancelled", "lapsed"):
        return False
    return attempt.state != "pending" or now < attempt.asked_at + CHECKOUT_OPEN - MARGIN
