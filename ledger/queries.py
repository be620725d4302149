"""Reads of the books. A balance is debit-positive: what a partner is owed is a negative number on `payable`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from ledger.models import Entry

_END_OF_TIME = date.max


@dataclass(frozen=True, slots=True)
class TrialBalanceLine:
    """One account's sums, in minor units; `balance_minor` is debits minus credits."""

    code: str
    purpose: str
    owner: str
    name: str
    type: str
    currency: str
    debits_minor: int
    credits_minor: int

    @property
    def balance_minor(self) -> int:
        return self.debits_minor - self.credits_minor


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One entry as it moved one account: `change_minor` and the `balance_minor` after it, debit-positive."""

    effective_on: date
    entry_id: int
    key: str
    kind: str
    source: str
    event_at: datetime
    change_minor: int
    balance_minor: int


def balance(purpose: str, owner: str = "", currency: str = "usd", as_of: date | None = None) -> int:
    """The balance of one account at the end of a day (default: with everything posted), debit-positive; 0 if unused."""
    return balances_by_owner(purpose, as_of, currency, only_owner=owner).get(owner, 0)


def balances_by_owner(
    purpose: str, as_of: date | None = None, currency: str = "usd", *, only_owner: str | None = None
) -> dict[str, int]:
    """The balances of all accounts of a purpose at the end of a day, by owner; zero balances included."""
    rows = _rows(
        """
        SELECT a.owner,
               (SELECT coalesce(sum(p.amount_minor), 0) FROM ledger_posting p
                 WHERE p.debit = a.id AND p.effective_date <= %(day)s)
             - (SELECT coalesce(sum(p.amount_minor), 0) FROM ledger_posting p
                 WHERE p.credit = a.id AND p.effective_date <= %(day)s)
          FROM ledger_account a
         WHERE a.purpose = %(purpose)s AND a.currency = %(currency)s
           AND (%(owner)s::text IS NULL OR a.owner = %(owner)s)
         ORDER BY a.owner
        """,
        {"purpose": purpose, "currency": currency, "owner": only_owner, "day": as_of or _END_OF_TIME},
    )
    return {owner: int(amount) for owner, amount in rows}


def trial_balance(as_of: date | None = None, currency: str = "usd") -> list[TrialBalanceLine]:
    """Every account that moved by the end of a day, by code and owner. Debits and credits add up to the same sum."""
    rows = _rows(
        """
        WITH pairs AS (  -- one pass over the postings; few pairs of accounts come out of it
            SELECT debit, credit, sum(amount_minor) AS amount
              FROM ledger_posting WHERE effective_date <= %(day)s GROUP BY debit, credit
        )
        SELECT a.code, a.purpose, a.owner, a.name, a.type, a.currency, sum(s.debits)::bigint, sum(s.credits)::bigint
          FROM (SELECT debit AS account_id, amount AS debits, 0 AS credits FROM pairs
                UNION ALL
                SELECT credit, 0, amount FROM pairs) s
          JOIN ledger_account a ON a.id = s.account_id
         WHERE a.currency = %(currency)s
         GROUP BY a.id
         ORDER BY a.code, a.owner
        """,
        {"day": as_of or _END_OF_TIME, "currency": currency},
    )
    return [TrialBalanceLine(*row) for row in rows]


def statement_lines(
    purpose: str, owner: str, first_day: date, last_day: date, currency: str = "usd"
) -> list[StatementLine]:
    """What moved one account from `first_day` to `last_day`, both included, with the balance after each entry.

    Ordered by day, then by moment, then by entry; the opening balance is the first line's balance minus its change.
    """
    rows = _rows(
        """
        WITH account AS (
            SELECT id FROM ledger_account
             WHERE purpose = %(purpose)s AND owner = %(owner)s AND currency = %(currency)s
        ), moved AS (
            SELECT entry_id, sum(amount_minor) AS change
              FROM leg
             WHERE account_id = (SELECT id FROM account)
               AND effective_date BETWEEN %(first)s AND %(last)s
             GROUP BY entry_id
        ), opening AS (
            SELECT coalesce(sum(amount_minor), 0) AS amount
              FROM leg
             WHERE account_id = (SELECT id FROM account) AND effective_date < %(first)s
        )
        SELECT e.effective_date, e.id, e.idempotency_key, e.kind, e.source, e.event_at, m.change::bigint,
               ((SELECT amount FROM opening)
                + sum(m.change) OVER (ORDER BY e.effective_date, e.event_at, e.id ROWS UNBOUNDED PRECEDING))::bigint
          FROM moved m
          JOIN ledger_entry e ON e.id = m.entry_id
         ORDER BY e.effective_date, e.event_at, e.id
        """,
        {"purpose": purpose, "owner": owner, "currency": currency, "first": first_day, "last": last_day},
    )
    return [StatementLine(*row) for row in rows]


def entry_by_key(key: str) -> Entry | None:
    """The entry that a business fact made, or None while the fact is not in the books."""
    return Entry.objects.filter(idempotency_key=key).first()


def _rows(sql: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
