"""Whether Stripe settles in the organisation's currency: the books post a sale and what Stripe booked of it in one."""

from __future__ import annotations

from typing import Any

from payments import gateway
from people.models import Organisation


def settlement_problems() -> list[str]:
    """What of Stripe's balance is in another currency, in words; empty when all is well. Raises StripeUnavailable.

    Stripe lists the currencies in which it settles, each with what it holds. Before there is an organisation there is
    nothing to compare.
    """
    org = Organisation.objects.first()
    if org is None:
        return []
    balance = gateway.client().balance()
    held: dict[str, int] = {}
    parts: list[Any] = [*balance.available, *balance.pending]
    for part in parts:
        held[part.currency] = held.get(part.currency, 0) + abs(part.amount)
    ours = org.currency.lower()
    if ours not in held:
        return [
            f"Stripe settles in {', '.join(sorted(held))}, the organisation counts in {ours}: no sale would ever be"
            " matched with its money. Have Stripe settle in the organisation's currency."
        ]
    others = sorted(currency for currency, amount_minor in held.items() if currency != ours and amount_minor)
    return [
        f"Stripe holds {currency} as well: the books have no place for it beside {ours}, convert it at Stripe."
        for currency in others
    ]
