"""What the books moved at a bank without a line that says so: openings, entries by hand, returns by notice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db import connection


@dataclass(frozen=True, slots=True)
class Unmatched:
    """What it comes to at one account, as the books sign it; nothing of it is in a confirmed match."""

    opening_minor: int = 0
    manual_minor: int = 0
    returned_minor: int = 0

    def __add__(self, other: Unmatched) -> Unmatched:
        return Unmatched(
            self.opening_minor + other.opening_minor,
            self.manual_minor + other.manual_minor,
            self.returned_minor + other.returned_minor,
        )


@dataclass(frozen=True, slots=True)
class HandEntry:
    """An entry by hand that moves a bank account and is no line of it yet; `owner` is "bank:1", or empty."""

    key: str
    owner: str
    amount_minor: int
    currency: str
    on: date


def unmatched() -> dict[tuple[str, str], Unmatched]:
    """By owner and currency of the bank's accounts in the books. One query."""
    found: dict[tuple[str, str], Unmatched] = {}
    for owner, currency, kind, _, _, amount, _ in _rows():
        name = {"opening": "opening_minor", "manual": "manual_minor"}.get(kind, "returned_minor")
        found[owner, currency] = found.get((owner, currency), Unmatched()) + Unmatched(**{name: int(amount)})
    return found


def hand_entries() -> list[HandEntry]:
    """Entries by hand that no line was confirmed for, the oldest first. One query.

    One that says it takes another back is left out with it, where the two come to nothing at the account: the bank
    will show neither. Each is taken back once.
    """
    found: dict[tuple[str, str, str], HandEntry] = {}
    for owner, currency, kind, key, on, amount, source in _rows():
        if kind != "manual" or not amount:
            continue
        taken_back = found.get((source, owner, currency))
        if taken_back is not None and taken_back.amount_minor + amount == 0:
            del found[source, owner, currency]
        else:
            found[key, owner, currency] = HandEntry(key, owner, int(amount), currency, on)
    return sorted(found.values(), key=lambda one: one.on)


def _rows() -> list[tuple[str, str, str, str, date, int, str]]:
    """In the order in which they were posted, so that what is taken back comes first."""
    with connection.cursor() as cursor:
        cursor.execute(_UNMATCHED)
        return list(cursor.fetchall())


_UNMATCHED: Final = """
    SELECT a.owner, a.currency, e.kind, e.idempotency_key, e.effective_date, sum(l.amount_minor), e.source
      FROM ledger_account a
      JOIN leg l ON l.account_id = a.id
      JOIN ledger_entry e ON e.id = l.entry_id
     WHERE a.purpose = 'bank'
       AND ((e.kind IN ('opening', 'manual')
             AND NOT EXISTS (SELECT FROM partners_matchitem i JOIN partners_match m ON m.id = i.match_id
                              WHERE i.entry_id = e.id AND i.is_active AND m.state = 'confirmed'))
         OR (e.kind = 'payout_returned'
             AND EXISTS (SELECT FROM partners_payoutattempt t WHERE t.back_entry_id = e.id)
             AND NOT EXISTS (SELECT FROM partners_matchentry x WHERE x.entry_id = e.id)))
     GROUP BY a.id, e.id
     ORDER BY e.id
"""
