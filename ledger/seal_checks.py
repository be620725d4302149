"""What must always be true of seals, closes and snapshots (rules/ledger.md L3, L4); `manage.py books` runs these.

Each check yields one sentence for each thing that is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Final

from ledger.accounts import label
from ledger.anchors import known_anchors
from ledger.books import Check, in_words
from ledger.chain import Link, faults
from ledger.contents import sentences, stream
from ledger.queries import trial_balance

LONGEST_TRANSACTION_S: Final = 240  # a worker's task is ended after this time (config/celery.py), a page's long before


def chain_holds() -> Iterator[str]:
    """L4: the sequence has no gap, each seal chains to the one before, and the anchors kept here agree."""
    yield from faults(links(), known_anchors())


def links(progress: Callable[[int], None] = lambda _: None) -> Iterator[Link]:
    """The chain as it stands, streaming; `progress` is told the number of each seal."""
    for seq, prev_hash, digest, canonical in stream(
        "SELECT seq, prev_hash, hash, canonical FROM ledger_seal ORDER BY seq"
    ):
        progress(seq)
        yield Link(seq, bytes(prev_hash), bytes(digest), bytes(canonical))


def seals_are_over_their_entries() -> Iterator[str]:
    """L4: what was sealed is what its entry was posted with."""
    yield from sentences(
        """
        SELECT format('seal %%s is not over %%s %%s (entry %%s)', s.seq, e.kind, e.idempotency_key, e.id)
          FROM ledger_seal s JOIN ledger_entry e ON e.id = s.entry_id
         WHERE sha256(s.canonical) <> e.content_hash
         ORDER BY s.seq
        """
    )


def queue_is_whole() -> Iterator[str]:
    """L4: each entry is sealed or waits for it, never both; nothing else is sealed or waits."""
    yield from sentences(
        """
        SELECT CASE WHEN e.id IS NULL THEN format('entry %%s is sealed or waits for its seal, and is gone', entry_id)
                    WHEN u.entry_id IS NULL
                    THEN format('%%s %%s (entry %%s) is not sealed and does not wait for it',
                                e.kind, e.idempotency_key, e.id)
                    ELSE format('%%s %%s (entry %%s) is sealed and still waits for it',
                                e.kind, e.idempotency_key, e.id) END
          FROM (SELECT id, id AS entry_id, kind, idempotency_key FROM ledger_entry) e
          FULL JOIN ledger_unsealed u USING (entry_id)
          FULL JOIN ledger_seal s USING (entry_id)
         WHERE e.id IS NULL OR (u.entry_id IS NULL) = (s.entry_id IS NULL)
        """
    )


def nothing_waits_long() -> Iterator[str]:
    """L4: nothing that was committed longer than a minute ago still waits for its seal.

    An entry knows when it was written, not when that was committed: the longest transaction may lie between. Measured
    to the moment at which the books are looked at, however long the checks before this one took.
    """
    for kind, key, pk, since in stream(
        """
        SELECT e.kind, e.idempotency_key, e.id, to_char(e.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')
          FROM ledger_unsealed u JOIN ledger_entry e ON e.id = u.entry_id
         WHERE e.recorded_at < now() - make_interval(secs => %s)
         ORDER BY e.id
        """,
        [LONGEST_TRANSACTION_S + 60],
    ):
        yield f"{kind} {key} (entry {pk}) waits for its seal since {since}"


def closes_add_up() -> Iterator[str]:
    """L3: each snapshot is what its account moved up to its month's end, added up from the first posting on.

    One pass over the postings serves every close that holds; one that was taken back was of what had been sealed then.
    """
    for yyyymm, event, pk, code, owner, currency, *sums in stream(
        """
        WITH months AS (
            SELECT debit, credit, ledger_month(effective_date) AS yyyymm, sum(amount_minor) AS amount
              FROM ledger_posting GROUP BY 1, 2, 3
        ), moved AS (
            SELECT account_id, yyyymm, sum(debits) AS debits, sum(credits) AS credits
              FROM (SELECT debit AS account_id, yyyymm, amount AS debits, 0 AS credits FROM months
                    UNION ALL
                    SELECT credit, yyyymm, 0, amount FROM months) m
             GROUP BY 1, 2
        ), taken_back AS (
            SELECT id AS event_id, period_id AS yyyymm, through_seq FROM ledger_periodevent
             WHERE kind = 'closed' AND id NOT IN (SELECT event_id FROM ledger_close)
        ), wanted AS (
            SELECT c.event_id, c.yyyymm, m.account_id, sum(m.debits) AS debits, sum(m.credits) AS credits
              FROM ledger_close c JOIN moved m ON m.yyyymm <= c.yyyymm
             GROUP BY 1, 2, 3
            UNION ALL
            SELECT t.event_id, t.yyyymm, l.account_id,
                   coalesce(sum(l.amount_minor) FILTER (WHERE l.amount_minor > 0), 0),
                   coalesce(-sum(l.amount_minor) FILTER (WHERE l.amount_minor < 0), 0)
              FROM taken_back t
              JOIN leg l ON l.effective_date <= ledger_month_end(t.yyyymm)
              JOIN ledger_seal s ON s.entry_id = l.entry_id AND s.seq <= t.through_seq
             GROUP BY 1, 2, 3
        ), kept AS (
            SELECT s.event_id, e.period_id AS yyyymm, s.account_id, s.debits_minor AS debits, s.credits_minor AS credits
              FROM ledger_balancesnapshot s JOIN ledger_periodevent e ON e.id = s.event_id
        )
        SELECT yyyymm, event_id, a.id, a.code, a.owner, a.currency,
               coalesce(k.debits, 0), coalesce(k.credits, 0), coalesce(w.debits, 0), coalesce(w.credits, 0)
          FROM wanted w FULL JOIN kept k USING (event_id, yyyymm, account_id)
          LEFT JOIN ledger_account a ON a.id = account_id
         WHERE (k.debits, k.credits) IS DISTINCT FROM (w.debits, w.credits)
         ORDER BY event_id, account_id
        """
    ):
        amounts = [in_words(int(amount), currency or "") for amount in sums]
        account = f"{label(code, owner)} (account {pk})" if pk else "an account that is gone"
        yield (
            f"{yyyymm} (event {event}), {account}: the snapshot has {amounts[0]} and {amounts[1]},"
            f" the postings {amounts[2]} and {amounts[3]}"
        )


def balances_are_their_postings() -> Iterator[str]:
    """L3: what the books say an account holds is what its postings come to, at the end of the latest close and now."""
    closes = "SELECT last_day, through_seq FROM ledger_close ORDER BY yyyymm DESC LIMIT 1"
    for day, through_seq in [*stream(closes), (date.max, None)]:
        when = "now" if through_seq is None else f"on {day.isoformat()}"
        for (currency,) in list(stream("SELECT DISTINCT currency FROM ledger_account ORDER BY currency")):
            said = {
                (line.code, line.owner): line.balance_minor
                for line in trial_balance(day, currency, through_seq=through_seq)
            }
            added = {(code, owner): int(amount) for code, owner, amount in stream(_ADDED_UP, [currency, day])}
            for code, owner in sorted(said.keys() | added.keys()):
                books_say, postings_say = said.get((code, owner), 0), added.get((code, owner), 0)
                if books_say != postings_say:
                    yield (
                        f"{label(code, owner)} {when}: the books say {in_words(books_say, currency)},"
                        f" its postings {in_words(postings_say, currency)}"
                    )


_ADDED_UP: Final = """
SELECT a.code, a.owner, sum(l.amount_minor)
  FROM leg l JOIN ledger_account a ON a.id = l.account_id
 WHERE a.currency = %s AND l.effective_date <= %s
 GROUP BY a.id
"""


def closed_months_took_nothing() -> Iterator[str]:
    """L3: nothing was sealed into a month after it was closed, or lies in it unsealed."""
    yield from sentences(
        """
        SELECT format('%%s %%s (entry %%s) got into %%s after it was closed', e.kind, e.idempotency_key, e.id, c.yyyymm)
          FROM ledger_entry e
          JOIN ledger_close c ON c.yyyymm = ledger_month(e.effective_date)
          LEFT JOIN ledger_seal s ON s.entry_id = e.id
         WHERE s.seq IS NULL OR s.seq > c.through_seq
         ORDER BY e.id
        """
    )


def months_are_as_their_events_say() -> Iterator[str]:
    """Each month's state is what became of it last; nobody changed it past the two persons."""
    yield from sentences(
        """
        SELECT format('%%s is %%s, but its events say %%s', yyyymm, state, said)
          FROM (SELECT p.yyyymm, p.state,
                       CASE e.kind WHEN 'opened' THEN 'open' WHEN 'reopened' THEN 'soft_closed'
                                   ELSE coalesce(e.kind, 'open') END AS said
                  FROM ledger_period p
                  LEFT JOIN LATERAL (SELECT kind FROM ledger_periodevent
                                      WHERE period_id = p.yyyymm ORDER BY id DESC LIMIT 1) e ON true) m
         WHERE state <> said
         ORDER BY yyyymm
        """
    )


CHECKS: Final = (
    Check("L3", "each close adds up", closes_add_up),
    Check("L3", "nothing got into a closed month", closed_months_took_nothing),
    Check("L3", "each balance is what its postings come to", balances_are_their_postings),
    Check("L4", "each entry is sealed or waits for it", queue_is_whole),
    Check("L4", "nothing waits long for its seal", nothing_waits_long),
    Check("L4", "the chain of seals holds", chain_holds),
    Check("L4", "each seal is over its entry", seals_are_over_their_entries),
    Check("", "each month is as its events say", months_are_as_their_events_say),
)
