"""What must always be true between the processor's own records and the books; `manage.py books` runs these checks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ledger.books import Check, in_words
from ledger.builders import processor
from ledger.contents import stream
from payments.discrepancies import NOT_POSTED


def balance_transactions_booked() -> Iterator[str]:
    """L5: each balance transaction has exactly one entry, which moves 1050 by exactly its net; nothing else does.

    What the books began with is nobody's balance transaction, and what was booked before them has no entry. One that
    could not be posted is no fault while its exception is open: somebody is told already, and has until its limit.
    """
    for name, entry, currency, net, moved in stream(_BOOKED, [list(processor.OPENING), NOT_POSTED.word]):
        said = [in_words(amount, currency) if amount is not None else "nothing" for amount in (net, moved)]
        row = f"{name} (entry {entry})" if entry else name
        yield f"{row}: the processor says {said[0]}, the books moved its balance by {said[1]}"


def balance_is_what_the_processor_booked() -> Iterator[str]:
    """L6: what the books hold at the processor is the sum of all that it ever booked, in each currency.

    That is its balance, available and pending, as its own records make it; `the_processor_agrees` asks it as well.
    """
    for currency, told, held in stream(_BALANCE, [list(processor.OPENING)]):
        yield (
            f"{currency}: the books hold {in_words(int(held), currency)} at the processor,"
            f" its balance transactions come to {in_words(int(told), currency)}"
        )


def the_processor_agrees() -> Iterator[str]:
    """L6: when the processor was last asked for its balance (`compare_balance`), it said what account 1050 held."""
    for currency, at, ours, theirs in stream(_COMPARED):
        yield (
            f"{currency}: on {at:%Y-%m-%d %H:%M} UTC the books held {in_words(ours, currency)} at the processor,"
            f" which said {in_words(theirs, currency)}"
        )


def payouts_are_their_parts() -> Iterator[str]:
    """L7: what an automatic payout is made of, by the processor's own list and without its own row, comes to it."""
    for payout, currency, amount, parts in stream(_PARTS):
        yield (
            f"stripe:payout:{payout}: a payout of {in_words(amount, currency)},"
            f" made of {in_words(int(parts), currency)}"
        )


def payouts_were_there_to_pay() -> Iterator[str]:
    """L7: no payout to our bank took more than the balance transactions until then had brought.

    Where it did, some of them are missing here. This holds for manual payouts too, which nobody itemises.
    """
    for name, entry, currency, amount, left in stream(_PAYOUTS, [list(processor.OPENING)]):
        yield (
            f"stripe:bt:{name} (entry {entry}): a payout of {in_words(-amount, currency)},"
            f" {in_words(-int(left), currency)} more than there was"
        )


def clearing_is_its_open_items() -> Iterator[str]:
    """L8: 1040 holds for each charge what was paid and is not settled, and the other way round; nothing in between.

    So each charge is claimed with its whole amount or not yet, and each balance transaction takes its whole amount.
    What is then left is an open item with an age (`payments.queries.open_items`); the report lists them.
    """
    for ref, keys, currency, claimed, paid in stream(_CLAIMS):
        was = f"the charge was {in_words(paid, currency)}" if paid is not None else "there is no such charge"
        yield f"{ref}: {keys} claimed {in_words(int(claimed), currency)}, {was}"
    yield from _other_sides("clearing")


def cash_in_transit_is_payouts() -> Iterator[str]:
    """L8: 1060 holds the payouts that the processor sent, less what lines of the bank's statements brought.

    Nothing else moves it but people, by an entry that two of them approved. Issue 5 matches payouts with lines of the
    bank; then each payout that no line brought is an open item of its own.
    """
    yield from _other_sides("in_transit")
    for kind, key, entry, currency, moved in stream(_TRANSIT, [[*processor.KINDS, *ARRIVED, *BY_HAND]]):
        yield f"{kind} {key} (entry {entry}) moves cash in transit by {in_words(int(moved), currency)}"


def _other_sides(purpose: str) -> Iterator[str]:
    """Balance transactions that did not move the account on their other side, of this purpose, by their amount."""
    for name, entry, currency, amount, moved in stream(_OTHER_SIDES, [purpose, processor.categories(purpose)]):
        yield (
            f"stripe:bt:{name} (entry {entry}): the processor moved {in_words(amount, currency)},"
            f" the books took {in_words(int(moved), currency)} from {purpose.replace('_', ' ')}"
        )


ARRIVED: Final = ("bank_line", "bank_line_undone")
BY_HAND: Final = ("opening", "manual")
CHECKS: Final = (
    Check("L5", "each balance transaction has its entry", balance_transactions_booked),
    Check("L6", "the Stripe balance is what Stripe booked", balance_is_what_the_processor_booked),
    Check("L6", "the Balance API agrees", the_processor_agrees),
    Check("L7", "each Stripe payout is the sum of its parts", payouts_are_their_parts),
    Check("L7", "no Stripe payout took more than there was", payouts_were_there_to_pay),
    Check("L8", "clearing is its open items", clearing_is_its_open_items),
    Check("L8", "cash in transit is Stripe's payouts", cash_in_transit_is_payouts),
)

_MOVED: Final = """
    moved AS (
        SELECT e.id AS entry_id, e.kind, e.idempotency_key AS key, a.currency, sum(l.amount_minor) AS amount_minor
          FROM ledger_account a
          JOIN leg l ON l.account_id = a.id
          JOIN ledger_entry e ON e.id = l.entry_id
         WHERE a.purpose = {purpose}
         GROUP BY e.id, a.currency
    )
"""

_BOOKED: Final = f"""
    WITH {_MOVED.format(purpose="'stripe_balance'")}
    SELECT COALESCE('stripe:bt:' || b.bt_id, m.key), COALESCE(m.entry_id, b.entry_id), COALESCE(b.currency, m.currency),
           b.net_minor, m.amount_minor::bigint
      FROM payments_balancetransaction b
      FULL JOIN (SELECT * FROM moved WHERE kind <> ALL(%s)) m
        ON m.entry_id = b.entry_id AND m.key = 'stripe:bt:' || b.bt_id AND m.currency = b.currency
     WHERE b.id IS NULL
        OR (m.entry_id IS NULL AND b.net_minor <> 0 AND NOT b.before_books AND NOT EXISTS (
               SELECT FROM ledger_reconciliationexception x
                WHERE x.kind = %s AND x.subject = 'stripe:bt:' || b.bt_id AND x.resolved_at IS NULL
           ))
        OR m.amount_minor <> b.net_minor
     ORDER BY 1
"""  # noqa: S608 - no value from outside

_BALANCE: Final = f"""
    WITH {_MOVED.format(purpose="'stripe_balance'")},
    held AS (SELECT currency, sum(amount_minor) AS amount FROM moved WHERE kind <> ALL(%s) GROUP BY currency),
    told AS (
        SELECT currency, sum(net_minor) AS amount FROM payments_balancetransaction WHERE NOT before_books
         GROUP BY currency
    )
    SELECT currency, COALESCE(told.amount, 0), COALESCE(held.amount, 0)
      FROM told FULL JOIN held USING (currency)
     WHERE COALESCE(told.amount, 0) <> COALESCE(held.amount, 0)
     ORDER BY currency
"""  # noqa: S608 - no value from outside

_COMPARED: Final = """
    SELECT currency, compared_at, ours_minor, available_minor + pending_minor
      FROM (SELECT DISTINCT ON (currency) * FROM payments_balancecomparison
             ORDER BY currency, compared_at DESC, id DESC) latest
     WHERE difference_minor <> 0
     ORDER BY currency
"""

_PARTS: Final = """
    SELECT p.payout_id, p.currency, p.amount_minor, COALESCE(sum(b.net_minor), 0)
      FROM payments_stripepayout p
      LEFT JOIN payments_balancetransaction b ON b.payout_id = p.id AND b.source_id <> p.payout_id
     WHERE p.automatic AND p.reconciliation_status = 'completed'
     GROUP BY p.id
    HAVING COALESCE(sum(b.net_minor), 0) <> p.amount_minor
     ORDER BY p.id
"""

_PAYOUTS: Final = f"""
    WITH {_MOVED.format(purpose="'stripe_balance'")},
    began AS (SELECT currency, sum(amount_minor) AS amount FROM moved WHERE kind = ANY(%s) GROUP BY currency),
    lived AS (
        SELECT b.*, sum(net_minor) OVER (PARTITION BY currency ORDER BY created_at) AS came_to
          FROM payments_balancetransaction b
         WHERE NOT before_books
    )
    SELECT bt_id, entry_id, currency, amount_minor, came_to + COALESCE(began.amount, 0)
      FROM lived LEFT JOIN began USING (currency)
     WHERE category = 'payout' AND amount_minor < 0 AND came_to + COALESCE(began.amount, 0) < 0
     ORDER BY created_at, bt_id
"""  # noqa: S608 - no value from outside

_CLAIMS: Final = f"""
    WITH {_MOVED.format(purpose="'clearing'")},
    claims AS (
        SELECT substring(key from '^stripe:charge:([^:]+)') AS charge_id, currency, sum(amount_minor) AS amount,
               string_agg(kind || ' ' || key || ' (entry ' || entry_id || ')', ', ' ORDER BY entry_id) AS keys
          FROM moved WHERE key LIKE 'stripe:charge:%%'
         GROUP BY 1, 2
    )
    SELECT 'stripe:charge:' || m.charge_id, m.keys, m.currency, m.amount, c.amount_minor
      FROM claims m
      LEFT JOIN payments_charge c ON c.charge_id = m.charge_id AND c.currency = m.currency
     WHERE c.id IS NULL OR m.amount <> c.amount_minor
     ORDER BY 1
"""  # noqa: S608 - no value from outside

_OTHER_SIDES: Final = f"""
    WITH {_MOVED.format(purpose="%s")}
    SELECT b.bt_id, b.entry_id, b.currency, b.amount_minor, COALESCE(-m.amount_minor, 0)
      FROM payments_balancetransaction b
      LEFT JOIN moved m ON m.entry_id = b.entry_id AND m.currency = b.currency
     WHERE b.problem = '' AND NOT b.before_books AND b.category = ANY(%s)
       AND b.amount_minor <> COALESCE(-m.amount_minor, 0)
     ORDER BY 1
"""  # noqa: S608 - no value from outside

_TRANSIT: Final = f"""
    WITH {_MOVED.format(purpose="'in_transit'")}
    SELECT m.kind, m.key, m.entry_id, m.currency, m.amount_minor
      FROM moved m
      LEFT JOIN payments_balancetransaction b ON b.entry_id = m.entry_id
     WHERE m.kind <> ALL(%s) OR (m.kind = 'balance_transaction' AND b.id IS NULL)
     ORDER BY m.entry_id
"""  # noqa: S608 - no value from outside
