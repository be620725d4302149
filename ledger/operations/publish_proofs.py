"""The shares of a closed month are bound under one published root for each partner (rules/ledger.md section 9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from secrets import SystemRandom, token_bytes
from typing import Any, Final

from django.db import connection, transaction

from ledger.models import Proof, ProofLeaf
from ledger.sumtree import SALT_BYTES, fold, join, leaf
from people.queries import month_bounds

LEAVES_MIN: Final = 8  # fewer would let their owners guess each other's amounts

# A share is what moves between what a partner is owed and our income or expenses; holds, payouts and returns are not.
_SHARES: Final = """
SELECT a.owner, a.currency, e.source, -sum(l.amount_minor)::bigint
  FROM ledger_account a
  JOIN leg l ON l.account_id = a.id AND l.effective_date BETWEEN %(first)s AND %(last)s
  JOIN ledger_account o ON o.id = l.other_id AND o.type IN ('income', 'expense')
  JOIN ledger_entry e ON e.id = l.entry_id
 WHERE a.purpose IN ('payable', 'held', 'agent_held', 'agent_set_aside')
 GROUP BY a.owner, a.currency, e.source
 ORDER BY a.owner, a.currency, e.source
"""
_PAID: Final = """
SELECT a.owner, a.currency, sum(l.amount_minor)::bigint
  FROM ledger_account a
  JOIN leg l ON l.account_id = a.id AND l.effective_date BETWEEN %(first)s AND %(last)s
  JOIN ledger_account o ON o.id = l.other_id AND o.purpose IN ('bank', 'stripe_balance')
 WHERE a.purpose IN ('payable', 'payout_in_flight', 'agent_held', 'agent_in_flight')
 GROUP BY a.owner, a.currency
"""


class NotClosed(Exception):
    """The month is not closed yet, so its shares may still change."""


class Outcome(StrEnum):
    PUBLISHED = "published"
    ALREADY_PUBLISHED = "already_published"
    TOO_FEW = "too_few"


@dataclass(frozen=True, slots=True)
class Published:
    """What became of one partner's month; no proof when its shares are too few."""

    partner: str
    currency: str
    outcome: Outcome
    proof: Proof | None


@transaction.atomic
def publish_proofs(*, yyyymm: int, now: datetime) -> list[Published]:
    """Publish the root over each partner's shares of a closed month, in each currency, once for ever.

    A leaf is what one source ("gift:7", "order:1042") brought the partner in this month, net of what was taken back of
    it. Where more was taken back than it brought (of an earlier month's share), it is no leaf: `taken_back_minor` has
    it, so that the total less that is what the books say. A month that was opened and closed again keeps its first
    root; so does what is published a second time. Raises NotClosed.
    """
    through_seq = _take_turn(yyyymm)
    if through_seq is None:
        raise NotClosed(f"{yyyymm} is not closed: its shares are published when it is.")
    known = {(proof.partner, proof.currency): proof for proof in Proof.objects.filter(yyyymm=yyyymm)}
    paid = {(owner, currency): amount for owner, currency, amount in _rows(_PAID, yyyymm)}
    published = []
    for (partner, currency), rows in groupby(_rows(_SHARES, yyyymm), key=lambda row: row[:2]):
        shares = [(source, amount_minor) for _, _, source, amount_minor in rows]
        proof = known.get((partner, currency))
        outcome = Outcome.ALREADY_PUBLISHED
        if proof is None and sum(amount_minor > 0 for _, amount_minor in shares) < LEAVES_MIN:
            outcome = Outcome.TOO_FEW
        elif proof is None:
            outcome = Outcome.PUBLISHED
            proof = Proof(partner=partner, currency=currency, yyyymm=yyyymm, through_seq=through_seq, published_at=now)
            proof.paid_minor = paid.get((partner, currency), 0)
            _publish(proof, shares)
        published.append(Published(partner, currency, outcome, proof))
    return published


def _publish(proof: Proof, shares: Sequence[tuple[str, int]]) -> None:
    """Shuffle the shares, padded to a power of two by empty ones, and write the tree over them."""
    taken_back_minor = -sum(amount_minor for _, amount_minor in shares if amount_minor < 0)
    inside = [(source, amount_minor) for source, amount_minor in shares if amount_minor >= 0]
    inside += [("", 0)] * ((1 << (len(inside) - 1).bit_length()) - len(inside))
    SystemRandom().shuffle(inside)
    salted = [(token_bytes(SALT_BYTES), receipt, amount_minor) for receipt, amount_minor in inside]
    root = fold([leaf(amount_minor, salt, receipt) for salt, receipt, amount_minor in salted], join)
    proof.total_minor, proof.root, proof.leaf_count = root.total_minor, root.digest, len(salted)
    proof.taken_back_minor = taken_back_minor
    proof.save()
    ProofLeaf.objects.bulk_create(
        ProofLeaf(proof=proof, idx=idx, salt=salt, amount_minor=amount_minor, receipt=receipt)
        for idx, (salt, receipt, amount_minor) in enumerate(salted)
    )


def _take_turn(yyyymm: int) -> int | None:
    """Where the sequence stood when the month was closed; None while it is not.

    The month's lock, shared, keeps it as it is to the commit: whoever reopens it waits. Who publishes the same month at
    the same time waits too, and then finds it published.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(7100, %s)", [yyyymm])
        cursor.execute("SELECT pg_advisory_xact_lock(7103, %s)", [yyyymm])
        cursor.execute("SELECT through_seq FROM ledger_close WHERE yyyymm = %s", [yyyymm])
        row = cursor.fetchone()
    return int(row[0]) if row else None


def _rows(sql: str, yyyymm: int) -> Iterator[tuple[Any, ...]]:
    first, last = month_bounds(f"{yyyymm // 100:04}-{yyyymm % 100:02}")
    with connection.cursor() as cursor:
        cursor.execute(sql, {"first": first, "last": last})
        yield from cursor.fetchall()
