"""Reads of the books. A balance is debit-positive: what a partner is owed is a negative number on `payable`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from ledger.models import Entry


class SequenceAhead(ValueError):
    """A balance was asked for as of a sequence number that is not here: not sealed yet, or not on this replica."""


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


def balance(
    purpose: str | Sequence[str],
    owner: str = "",
    currency: str = "usd",
    as_of: date | None = None,
    *,
    through_seq: int | None = None,
) -> int:
    """The balance of one account, or of several of one owner together, debit-positive; 0 if unused.

    `as_of` and `through_seq` as in `balances_by_owner`.
    """
    return balances_by_owner(purpose, as_of, currency, only_owner=owner, through_seq=through_seq).get(owner, 0)


def balances_by_owner(
    purpose: str | Sequence[str],
    as_of: date | None = None,
    currency: str = "usd",
    *,
    only_owner: str | None = None,
    through_seq: int | None = None,
) -> dict[str, int]:
    """The balances of all accounts of a purpose, or of some together, at the end of a day, by owner; zeros included.

    Without `as_of`: on the last day that anything was posted for. Without `through_seq`: of all that is posted, sealed
    or not, as live pages show it. With it: of what was sealed up to there, for ever the same (rules/sealing.md
    "As of"). Raises SequenceAhead.
    """
    _refuse_ahead(through_seq)
    rows = _rows(
        """
        WITH accounts AS (
            SELECT id, owner FROM ledger_account
             WHERE purpose = ANY(%(purposes)s) AND currency = %(currency)s
               AND (%(owner)s::text IS NULL OR owner = %(owner)s)
        )
        SELECT a.owner, coalesce(sum(s.debits - s.credits), 0)
          FROM accounts a
          LEFT JOIN ledger_sums_of(ARRAY(SELECT id FROM accounts), %(day)s::date, %(through)s) s ON s.account_id = a.id
         GROUP BY a.owner
         ORDER BY a.owner
        """,
        {
            "purposes": [purpose] if isinstance(purpose, str) else [*purpose],
            "currency": currency,
            "owner": only_owner,
            "day": as_of,
            "through": through_seq,
        },
    )
    return {owner: int(amount) for owner, amount in rows}


def trial_balance(
    as_of: date | None = None, currency: str = "usd", *, through_seq: int | None = None
) -> list[TrialBalanceLine]:
    """Every account that moved by the end of a day, by code and owner. Debits and credits add up to the same sum.

    `as_of` and `through_seq` as in `balances_by_owner`.
    """
    _refuse_ahead(through_seq)
    rows = _rows(
        """
        SELECT a.code, a.purpose, a.owner, a.name, a.type, a.currency, sum(s.debits)::bigint, sum(s.credits)::bigint
          FROM ledger_sums(%(day)s::date, %(through)s) s
          JOIN ledger_account a ON a.id = s.account_id
         WHERE a.currency = %(currency)s
         GROUP BY a.id
        HAVING sum(s.debits) > 0 OR sum(s.credits) > 0
         ORDER BY a.code, a.owner
        """,
        {"day": as_of, "currency": currency, "through": through_seq},
    )
    return [TrialBalanceLine(*row) for row in rows]


def statement_lines(
    purpose: str,
    owner: str,
    first_day: date,
    last_day: date,
    currency: str = "usd",
    *,
    through_seq: int | None = None,
) -> list[StatementLine]:
    """What moved one account from `first_day` to `last_day`, both included, with the balance after each entry.

    Ordered by day, then by moment, then by entry; the opening balance is the first line's balance minus its change.
    `through_seq` as in `balances_by_owner`.
    """
    _refuse_ahead(through_seq)
    rows = _rows(
        """
        WITH accounts AS (
            SELECT id FROM ledger_account
             WHERE purpose = %(purpose)s AND owner = %(owner)s AND currency = %(currency)s
        ), moved AS (
            SELECT entry_id, sum(amount_minor) AS change
              FROM leg
             WHERE account_id = (SELECT id FROM accounts)
               AND effective_date BETWEEN %(first)s AND %(last)s
               AND (%(through)s::integer IS NULL
                    OR EXISTS (SELECT FROM ledger_seal s
                                WHERE s.entry_id = leg.entry_id AND s.seq <= %(through)s::integer))
             GROUP BY entry_id
        ), opening AS (
            SELECT coalesce(sum(debits - credits), 0) AS amount
              FROM ledger_sums_of(ARRAY(SELECT id FROM accounts), %(first)s::date - 1, %(through)s)
        )
        SELECT e.effective_date, e.id, e.idempotency_key, e.kind, e.source, e.event_at, m.change::bigint,
               ((SELECT amount FROM opening)
                + sum(m.change) OVER (ORDER BY e.effective_date, e.event_at, e.id ROWS UNBOUNDED PRECEDING))::bigint
          FROM moved m
          JOIN ledger_entry e ON e.id = m.entry_id
         ORDER BY e.effective_date, e.event_at, e.id
        """,
        {
            "purpose": purpose,
            "owner": owner,
            "currency": currency,
            "first": first_day,
            "last": last_day,
            "through": through_seq,
        },
    )
    return [StatementLine(*row) for row in rows]


def sealed_through() -> int:
    """The last number of the sequence that can be seen here; all below it can be seen too. 0 before any seal."""
    [(seq,)] = _rows("SELECT coalesce(max(seq), 0) FROM ledger_seal", {})
    return int(seq)


def entry_by_key(key: str) -> Entry | None:
    """The entry that a business fact made, or None while the fact is not in the books."""
    return Entry.objects.filter(idempotency_key=key).first()


def _refuse_ahead(through_seq: int | None) -> None:
    if through_seq is not None and through_seq > (last := sealed_through()):
        raise SequenceAhead(f"sequence number {through_seq} is not here: the last one is {last}")


def _rows(sql: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
