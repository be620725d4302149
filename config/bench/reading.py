"""Balances and statements over the large history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from config.bench import raw, shop
from config.bench.content import Figures, one_row, require
from config.bench.databases import plain_connection
from config.bench.sizes import Sizes
from config.bench.timing import in_turns, median_ms, ratio, seconds
from ledger.queries import balance, statement_lines, trial_balance

# One pass over the postings in each; the fastest of them on this server is what ours is held against.
PLAIN_TRIAL_BALANCES: Final = (
    """
    WITH pairs AS (SELECT debit, credit, sum(amount_minor) AS amount FROM ledger_posting GROUP BY debit, credit)
    SELECT account, sum(debits)::bigint, sum(credits)::bigint
      FROM (SELECT debit AS account, amount AS debits, 0 AS credits FROM pairs
            UNION ALL SELECT credit, 0, amount FROM pairs) s
     GROUP BY account ORDER BY account
    """,
    """
    SELECT account, sum(debits)::bigint, sum(credits)::bigint
      FROM (SELECT debit AS account, sum(amount_minor) AS debits, 0 AS credits FROM ledger_posting GROUP BY debit
            UNION ALL SELECT credit, 0, sum(amount_minor) FROM ledger_posting GROUP BY credit) s
     GROUP BY account ORDER BY account
    """,
    """
    SELECT account, sum(debits)::bigint, sum(credits)::bigint
      FROM (SELECT debit AS account, amount_minor AS debits, 0 AS credits FROM ledger_posting
            UNION ALL SELECT credit, 0, amount_minor FROM ledger_posting) s
     GROUP BY account ORDER BY account
    """,
)
_SUM_TO: Final = """
SELECT coalesce(sum(l.amount_minor), 0) FROM leg l JOIN ledger_account a ON a.id = l.account_id
 WHERE a.purpose = %s AND a.owner = %s AND l.effective_date <= %s
"""
BUSIEST: Final = ("clearing", "")
PARTNER: Final = ("payable", "partner:1")


def measure_open(sizes: Sizes) -> Figures:
    """The trial balance while no month is closed, so that every posting has to be added."""
    with plain_connection() as plain:
        best = min(PLAIN_TRIAL_BALANCES, key=lambda sql: min(_plain(plain, sql) for _ in range(3)))
        theirs, ours = in_turns(sizes.turns, lambda _: plain.execute(best).fetchall(), lambda _: trial_balance())
        sums = plain.execute(best).fetchall()
    lines = trial_balance()
    require(
        sorted((line.debits_minor, line.credits_minor) for line in lines) == sorted(row[1:] for row in sums),
        "the trial balances differ",
    )
    require(sum(line.balance_minor for line in lines) == 0, "the trial balance is not at zero")
    return {
        "trial_balance_ratio": ratio(ours, theirs),
        "trial_balance_ms": median_ms(ours),
        "plain_trial_balance_ms": median_ms(theirs),
    }


def measure_closed(sizes: Sizes, months: Sequence[int]) -> Figures:
    """Balances as of days in closed months, the slowest day's median of each kind; and a partner's month."""
    ends = [shop.days_of(yyyymm)[1] for yyyymm in months]
    middles = [day.replace(day=15) for day in ends]
    statement, lines = _statement(sizes, months[-1])
    return {
        "balance_as_of_ms": max(_as_of(sizes, day, *account) for day in ends for account in (BUSIEST, PARTNER)),
        "balance_mid_month_ms": max(_as_of(sizes, day, *account) for day in middles for account in (BUSIEST, PARTNER)),
        "partner_statement_ms": statement,
        "partner_statement_lines": lines,
    }


def _plain(plain: raw.Raw, sql: str) -> float:
    return seconds(lambda: plain.execute(sql.encode()).fetchall())


def _as_of(sizes: Sizes, day: date, purpose: str, owner: str) -> float:
    [times] = in_turns(sizes.turns, lambda _: balance(purpose, owner, as_of=day))
    [added] = one_row(_SUM_TO, [purpose, owner, day])
    found = balance(purpose, owner, as_of=day)
    require(found == added, f"{purpose} {owner} as of {day} is {found}, added up {added}")
    return median_ms(times)


def _statement(sizes: Sizes, yyyymm: int) -> tuple[float, int]:
    first, last = shop.days_of(yyyymm)
    [times] = in_turns(sizes.turns, lambda _: statement_lines(*PARTNER, first, last))
    lines = statement_lines(*PARTNER, first, last)
    require(bool(lines) and lines[-1].balance_minor == balance(*PARTNER, as_of=last), "the statement's end is not so")
    return median_ms(times), len(lines)
