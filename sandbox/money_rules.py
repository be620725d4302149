"""What Stripe refuses of refunds, payouts, disputes and transfers, whatever the balance holds."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.refusals import at_least, exactly_one
from sandbox.session_rules import Request


def refund(request: Request) -> None:
    """One charge, named by itself or by its payment intent, and at least one cent."""
    exactly_one(request.params, "charge", "payment_intent")
    at_least(request.params.get("amount", 1), 1, "amount")


RULES: dict[str, tuple[Callable[[Request], None], ...]] = {
    "refunds.create": (refund,),
}
