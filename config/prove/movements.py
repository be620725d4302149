"""What each object at Stripe must have moved, what the books say it moved, and what is wrong between the two."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from django.db import connection

from payments import gateway

# What an entry says of its object, by the word in its key: "stripe:charge:ch_1:gift" claims the charge's money of
# clearing, "stripe:dispute:dp_1:lost" lets the money go that the bank holds, "stripe:bt:txn_1" moves the balance.
_MOVED: Final = """
    SELECT split_part(e.idempotency_key, ':', 3), sum(l.amount_minor)::bigint
      FROM ledger_entry e
      JOIN leg l ON l.entry_id = e.id
      JOIN ledger_account a ON a.id = l.account_id
     WHERE (split_part(e.idempotency_key, ':', 1), split_part(e.idempotency_key, ':', 2), a.purpose) IN (
               ('stripe', 'charge', 'clearing'), ('stripe', 'refund', 'clearing'),
               ('stripe', 'dispute', 'disputes'), ('stripe', 'bt', 'stripe_balance')
           )
     GROUP BY e.id
"""
Moved = Mapping[str, Sequence[int]]


def at_stripe() -> dict[str, int]:
    """Object id -> what it moved, in minor units: zero where a refund came back or a dispute was won."""
    stripe = gateway.client()
    moved = {one.id: one.amount for one in stripe.every("charge", {}) if one.paid}
    moved |= {one.id: -one.amount * (one.status == "succeeded") for one in stripe.every("refund", {})}
    moved |= {one.id: -one.amount * (one.status == "lost") for one in stripe.every("dispute", {})}
    for page in stripe.balance_transaction_pages():
        moved |= {one.id: one.net for one in page}
    return moved


def in_books() -> defaultdict[str, list[int]]:
    """Object id -> what each entry about it moved."""
    moved: defaultdict[str, list[int]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_MOVED)
        for object_id, amount_minor in cursor.fetchall():
            moved[object_id].append(amount_minor)
    return moved


def lost(at_stripe: Mapping[str, int], in_books: Moved) -> list[str]:
    """Objects that moved money, of which the books have no entry."""
    return sorted(one for one, amount in at_stripe.items() if amount and not in_books.get(one))


def double(at_stripe: Mapping[str, int], in_books: Moved) -> list[str]:
    """Objects that moved money once, of which the books have several entries."""
    return sorted(one for one, amount in at_stripe.items() if amount and len(in_books.get(one, ())) > 1)


def astray(at_stripe: Mapping[str, int], in_books: Moved) -> list[str]:
    """Entries of another amount than their object, or about no object that Stripe has."""
    return sorted(_astray(at_stripe, in_books))


def _astray(at_stripe: Mapping[str, int], in_books: Moved) -> Iterator[str]:
    for one, amounts in in_books.items():
        if one not in at_stripe:
            yield f"{one} moved {sum(amounts)}, and Stripe has no such object"
        elif sum(amounts) != at_stripe[one]:
            yield f"{one} moved {sum(amounts)}, at Stripe {at_stripe[one]}"


def kinds(objects: Mapping[str, Any]) -> dict[str, int]:
    """How many there are of each, by the beginning of their ids."""
    counted: dict[str, int] = {}
    for one in objects:
        kind = one.partition("_")[0]
        counted[kind] = counted.get(kind, 0) + 1
    return counted
