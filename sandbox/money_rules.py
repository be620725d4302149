"""What Stripe refuses of refunds, payouts, disputes and transfers, whatever the balance holds."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.currencies import check_currency
from sandbox.refusals import at_least, exactly_one
from sandbox.session_rules import Request


def refund(request: Request) -> None:
    """One charge, named by itself or by its payment intent, and at least one cent."""
    exactly_one(request.params, "charge", "payment_intent")
    at_least(request.params.get("amount", 1), 1, "amount")


def payout(request: Request) -> None:
    """At least one cent of a currency that exists."""
    at_least(request.params["amount"], 1, "amount")
    check_currency(request.params["currency"], "currency")


RULES: dict[str, tuple[Callable[[Request], None], ...]] = {
    "payouts.create": (payout,),
    "refunds.create": (refund,),
}
