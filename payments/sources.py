"""What `stripe:charge:ch_1` and its like mean to staff, and where the desk shows them. No queries: the name says it."""

from __future__ import annotations

from typing import Final

from django.urls import reverse

from people.sources import Source

_OBJECT: Final = "payments_desk:object"
_PAGES: Final[dict[str, tuple[str, str]]] = {
    "bt": ("Balance transaction", "payments_desk:balance_transaction"),
    "payout": ("Stripe payout", "payments_desk:payout"),
    "call": ("Stripe call", "payments_desk:call"),
    "charge": ("Charge", _OBJECT),
    "refund": ("Refund", _OBJECT),
    "dispute": ("Dispute", _OBJECT),
    "transfer": ("Transfer", _OBJECT),
    "transfer_reversal": ("Transfer reversal", _OBJECT),
}


def describe_stripe(refs: list[str]) -> dict[str, Source]:
    """References and entries' keys that begin so ("stripe:refund:re_1:failed"), with the page of what they name."""
    return {ref: source for ref in refs if (source := _describe(ref)) is not None}


def describe_accounts(refs: list[str]) -> dict[str, Source]:
    """The account of the chart that is Stripe's balance ("account:1050:usd"), with how both compare."""
    href = reverse("payments_desk:balance")
    return {
        ref: Source(f"Our balance at Stripe, {ref.rpartition(':')[2].upper()}", href)
        for ref in refs
        if ref.startswith("account:1050:")
    }


def _describe(ref: str) -> Source | None:
    _, name, stripe_id, *_ = [*ref.split(":"), "", ""]
    if name == "webhook":
        return Source("Stripe's webhook", reverse("payments_desk:events"))
    if name not in _PAGES or not stripe_id:
        return None
    word, page = _PAGES[name]
    if name == "call" and not stripe_id.isdecimal():
        return None
    return Source(f"{word} {stripe_id}", reverse(page, args=[stripe_id]))
