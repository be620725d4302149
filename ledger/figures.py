"""The desk's figures of the day: what came in, was given and went back, and where the money stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import connection

WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Flow:
    """What moved in some days, in minor units: received and refunded by customers, given to partners (net)."""

    received_minor: int = 0
    given_minor: int = 0
    refunded_minor: int = 0

    def __add__(self, other: Flow) -> Flow:
        return Flow(
            self.received_minor + other.received_minor,
            self.given_minor + other.given_minor,
            self.refunded_minor + other.refunded_minor,
        )


@dataclass(frozen=True, slots=True)
class Figures:
    """The money that moved today, this month so far and last month to the same day of it; where it stands; the ages.

    `standing` is debit-positive by purpose, `owed` what each partner is owed by owner ("partner:7"). `in_time`, `late`
    and `very_late` count open exceptions within their limit, past it up to a week, and past it for longer.
    """

    today: Flow
    month: Flow
    last_month: Flow
    standing: dict[str, int]
    owed: dict[str, int]
    in_time: int
    late: int
    very_late: int


def figures(*, today: date, now: datetime, currency: str) -> Figures:
    """Of all that is posted, sealed or not. One query."""
    first = today.replace(day=1)
    first_of_last = (first - timedelta(days=1)).replace(day=1)
    values: dict[str, Any] = {
        "currency": currency,
        "first": first_of_last,
        "last": today,
        "now": now,
        "week_ago": now - WEEK,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ALL, values)
        rows = cursor.fetchall()
    days = {day: Flow(*map(int, sums)) for what, day, _, *sums in rows if what == "flow"}
    stands = {name: int(amount) for what, _, name, amount, *_ in rows if what == "standing"}
    [ages] = [[int(number) for number in numbers] for what, _, _, *numbers in rows if what == "ages"]
    return Figures(
        days.get(today, Flow()),
        sum((flow for day, flow in days.items() if day >= first), Flow()),
        sum((flow for day, flow in days.items() if day < first and day.day <= today.day), Flow()),
        {purpose: stands.get(f"{purpose} ", 0) for purpose in ("stripe_balance", "in_transit")}
        | {"bank": sum(amount for name, amount in stands.items() if name.startswith("bank "))},
        {name.partition(" ")[2]: -amount for name, amount in stands.items() if name.startswith("payable ") and amount},
        *ages,
    )


_ALL: Final = """
SELECT 'flow', l.effective_date, '',
       coalesce(sum(l.amount_minor) FILTER (
           WHERE a.purpose = 'clearing' AND e.kind IN ('sale', 'gift', 'deposit', 'gift_card_sold')), 0),
       coalesce(-sum(l.amount_minor) FILTER (
           WHERE a.purpose IN ('payable', 'agent_held') AND e.kind IN ('accrual', 'top_up', 'reversal')), 0),
       coalesce(-sum(l.amount_minor) FILTER (
           WHERE a.purpose = 'clearing' AND e.kind IN ('refund', 'refund_failed', 'deposit_refunded')), 0)
  FROM leg l
  JOIN ledger_entry e ON e.id = l.entry_id
  JOIN ledger_account a ON a.id = l.account_id
 WHERE l.account_id = ANY (ARRAY(SELECT id FROM ledger_account
                                  WHERE currency = %(currency)s AND purpose IN ('clearing', 'payable', 'agent_held')))
   AND l.effective_date BETWEEN %(first)s AND %(last)s
 GROUP BY l.effective_date
UNION ALL
SELECT 'standing', NULL, a.purpose || ' ' || a.owner, sum(s.debits - s.credits), 0, 0
  FROM ledger_sums_of(ARRAY(SELECT id FROM ledger_account
                             WHERE currency = %(currency)s
                               AND purpose IN ('stripe_balance', 'in_transit', 'bank', 'payable')), NULL::date, NULL) s
  JOIN ledger_account a ON a.id = s.account_id
 GROUP BY a.purpose, a.owner
UNION ALL
SELECT 'ages', NULL, '', count(*) FILTER (WHERE due_at >= %(now)s),
       count(*) FILTER (WHERE due_at < %(now)s AND due_at >= %(week_ago)s),
       count(*) FILTER (WHERE due_at < %(week_ago)s)
  FROM ledger_reconciliationexception WHERE resolved_at IS NULL
"""
