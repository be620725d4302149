"""Whether what two persons signed is what is in the books; `manage.py books` runs these checks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from ledger.books import Check
from ledger.contents import sentences, stream
from ledger.manual_entries import signed_hash
from ledger.models import ManualEntry


def manual_entries_are_as_signed() -> Iterator[str]:
    """Each entry by hand, its words and documents have the hash that was approved; erased words cannot be asked."""
    for pk, currency, day, reason, postings, about, words, signed, documents in stream(_BY_HAND):
        row = ManualEntry(
            pk=pk, currency=currency, effective_on=day, reason=reason, postings=json.loads(postings), about=about
        )
        if signed_hash(row, words, json.loads(documents)) != signed:
            yield f"{row.ref} does not have the hash that was approved"


def entries_by_hand_are_their_rows() -> Iterator[str]:
    """The currency, the word and the source of each entry by hand are those that were approved."""
    yield from sentences(
        """
        SELECT format('%%s (entry %%s) has another currency, reason or source than was approved',
                      e.idempotency_key, e.id)
          FROM ledger_manualentry m
          JOIN ledger_entry e ON e.id = m.entry_id
         WHERE e.memo <> m.reason
            OR e.source <> coalesce(nullif(m.about, ''), format('manual:%%s', m.id))
            OR EXISTS (SELECT FROM ledger_posting p WHERE p.entry_id = e.id AND p.currency <> m.currency)
         ORDER BY e.id
        """
    )


def months_moved_as_approved() -> Iterator[str]:
    """Each event that takes two persons names an approval of its own month, by those who asked and approved."""
    yield from sentences(
        """
        SELECT format('%%s %%s (event %%s) is not what approval %%s says', e.period_id, e.kind, e.id, a.id)
          FROM ledger_periodevent e
          JOIN people_approval a ON a.id = e.approval_id
         WHERE (a.decision, a.requested_by_id, a.decided_by_id)
               IS DISTINCT FROM ('approved', e.by_id, e.approved_by_id)
            OR CASE WHEN a.subject !~ '^ledger:(close|reopen):[0-9]{6}$' THEN true
                    WHEN e.kind = 'reopened' THEN a.subject <> format('ledger:reopen:%%s', e.period_id)
                    ELSE a.subject NOT LIKE 'ledger:close:%%' OR right(a.subject, 6)::integer < e.period_id END
         ORDER BY e.id
        """
    )


def closes_are_as_signed() -> Iterator[str]:
    """Each month that is closed has the content whose hash was approved, figured again as it stood when it closed."""
    yield from sentences(
        """
        SELECT format('%%s (event %%s) does not have the hash that was approved', c.yyyymm, c.event_id)
          FROM ledger_close c
          JOIN ledger_periodevent e ON e.id = c.event_id
          JOIN people_approval a ON a.id = e.approval_id AND a.subject = format('ledger:close:%%s', c.yyyymm)
         WHERE a.subject_hash IS DISTINCT FROM ledger_close_content(
                   c.yyyymm,
                   (SELECT min(b.id) FROM ledger_periodevent b
                     WHERE b.period_id = c.yyyymm AND b.kind = 'closing' AND b.approval_id = a.id),
                   a.id)
         ORDER BY c.yyyymm
        """
    )


CHECKS: Final = (
    Check("", "each entry by hand is as it was signed", manual_entries_are_as_signed),
    Check("", "each entry by hand is its own proposal", entries_by_hand_are_their_rows),
    Check("", "each month moved by the approval it names", months_moved_as_approved),
    Check("", "each closed month is as it was signed", closes_are_as_signed),
)

_BY_HAND: Final = """
SELECT m.id, m.currency, m.effective_on, m.reason, m.postings::text, m.about, a.reason, a.subject_hash,
       (SELECT coalesce(jsonb_agg(f.sha256), '[]') FROM people_attachment f WHERE f.subject = a.subject)::text
  FROM ledger_manualentry m
  JOIN people_approval a ON a.subject = format('manual:%%s', m.id) AND a.decision = 'approved' AND a.reason <> ''
 WHERE m.entry_id IS NOT NULL
 ORDER BY m.id
"""
