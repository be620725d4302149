"""What must always be true between partners' rows and the books; `manage.py books` runs these checks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.db.models import CharField, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Cast, Coalesce, Concat

from ledger import queries as ledger
from ledger.books import Check, in_words
from ledger.contents import stream
from ledger.models import Posting
from partners.models import Allocation, AllocationReversal, Partner, PartnerPayout
from partners.queries.account import OWED

# Our debt to a partner, what we hold for it as agent, and what it owes us once it was asked for it.
BETWEEN_US: Final = (*OWED, "agent_held", "agent_set_aside", "agent_in_flight", "partner_receivable")


def accounts_add_up() -> Iterator[str]:
    """L9: what stands between a partner and us is what was allocated, less what was taken back and paid, adjusted.

    Payable, held and in flight together (and what it owes us in turn) = allocations - reversals - settled payouts +
    what two people approved by hand + what the books began with.
    """
    for currency in sorted(_currencies()):
        owed = _owed_by_owner(currency)
        allocated = _sums(Allocation.objects.filter(currency=currency), "agreement__partner")
        settled = PartnerPayout.objects.filter(currency=currency, state=PartnerPayout.State.SETTLED)
        paid = _sums(settled, "partner")
        others = {(owner, why): int(amount) for owner, why, amount in stream(_OTHER_CHANGES, [currency, [*BETWEEN_US]])}
        for partner in Partner.objects.order_by("pk"):
            parts = {
                "allocated": allocated.get(partner.pk, 0),
                "taken back": -others.get((partner.owner, "reversal"), 0),
                "paid": paid.get(partner.pk, 0),
                "adjusted": others.get((partner.owner, "adjustment"), 0),
            }
            expected = parts["allocated"] - parts["taken back"] - parts["paid"] + parts["adjusted"]
            booked = owed.get(partner.owner, 0)
            if booked != expected:
                words = ", ".join(f"{in_words(amount, currency)} {what}" for what, amount in parts.items() if amount)
                yield (
                    f"{partner.owner}: the books owe {in_words(booked, currency)}, it should be"
                    f" {in_words(expected, currency)} ({words or 'nothing was allocated'})"
                )


def allocations_booked() -> Iterator[str]:
    """L9: each share is the sum of its lines and stands in its entry, to the cent and on the partner's own account."""
    by_line = Allocation.objects.annotate(lines_minor=Coalesce(Sum("lines__amount_minor"), 0))
    for row in by_line.exclude(lines_minor=F("amount_minor")).order_by("pk").iterator():
        amounts = [in_words(amount, row.currency) for amount in (row.amount_minor, row.lines_minor)]
        yield f"allocation {row.pk} ({row.source}) is {amounts[0]}, its lines are {amounts[1]}"
    postings = Posting.objects.filter(
        entry=OuterRef("entry"),
        credit__owner=Concat(Value("partner:"), Cast(OuterRef("agreement__partner"), CharField())),
    )
    booked_minor = Subquery(postings.order_by().values("entry").annotate(total=Sum("amount_minor")).values("total"))
    by_entry = Allocation.objects.filter(entry__isnull=False).annotate(booked_minor=Coalesce(booked_minor, 0))
    for found in by_entry.exclude(booked_minor=F("amount_minor")).order_by("pk").iterator():
        amounts = [in_words(amount, found.currency) for amount in (found.amount_minor, found.booked_minor)]
        yield f"allocation {found.pk} ({found.source}) is {amounts[0]}, its entry {found.entry_id} says {amounts[1]}"


def payouts_booked() -> Iterator[str]:
    """L9: each attempt stands in the books with its amount for each of its steps, and no entry without an attempt."""
    for key, currency, amount, phase, booked in stream(_PAYOUTS_NOT_BOOKED):
        said = in_words(int(booked), currency) if booked else "nothing"
        yield f"{key} of {in_words(amount, currency)} was {phase}, the books say {said}"
    for entry, key in stream(_BOOKED_WITHOUT_ATTEMPT):
        yield f"entry {entry} ({key}) belongs to no attempt of a payout"
    for payout, state, attempt in stream(_PAYOUT_AND_ATTEMPT_DIFFER):
        yield f"payout {payout} is {state}, its last attempt is {attempt or 'missing'}"


def reversals_within_their_share() -> Iterator[str]:
    """L10: of a share no less than nothing and no more than all of it was taken back, and of nothing else anything."""
    for ref, entries, currency, amount, taken in stream(_TAKEN_BACK):
        was = f"the share was {in_words(amount, currency)}" if amount is not None else "there is no such share"
        yield f"{ref}: {entries} took back {in_words(int(taken), currency)}, {was}"


def reversals_to_date() -> Iterator[str]:
    """L10: of each line of a share as much is taken back as its refunds to date justify, all once all went back."""
    for ref, line, currency, taken, justified in stream(_NOT_TO_DATE):
        yield (
            f"{ref}, {line}: {in_words(int(taken), currency)} was taken back,"
            f" what went back of it justifies {in_words(int(justified), currency)}"
        )


def reversals_booked() -> Iterator[str]:
    """L9: each reversal is the sum of its lines, and what is held is what the held accounts hold."""
    by_line = AllocationReversal.objects.annotate(lines_minor=Coalesce(Sum("lines__amount_minor"), 0))
    for row in by_line.exclude(lines_minor=F("amount_minor")).select_related("allocation").order_by("pk").iterator():
        amounts = [in_words(amount, row.allocation.currency) for amount in (row.amount_minor, row.lines_minor)]
        yield f"reversal {row.pk} ({row.cause}) is {amounts[0]}, its lines are {amounts[1]}"
    for owner, currency, held, booked in stream(_NOT_HELD):
        yield f"{owner}: {in_words(int(held), currency)} is held, the books hold {in_words(int(booked), currency)}"


def caps_kept() -> Iterator[str]:
    """L9: under each cap stands the smaller of the cap and the sum, each payment with what its shares come to."""
    for series, first_on, currency, said, booked in stream(_NOT_THE_CAP):
        amounts = [in_words(int(amount), currency) for amount in (said, booked)]
        yield f"{series} from {first_on}: under its cap {amounts[0]} should stand, the shares come to {amounts[1]}"


def payouts_explained() -> Iterator[str]:
    """L11: a payout that was not taken out is above zero, and its items add up to it."""
    live = PartnerPayout.objects.exclude(state=PartnerPayout.State.RELEASED)
    rows = live.annotate(items_minor=Coalesce(Sum("items__amount_minor"), 0))
    for row in rows.exclude(Q(items_minor=F("amount_minor")) & Q(amount_minor__gt=0)).order_by("pk"):
        amounts = [in_words(amount, row.currency) for amount in (row.amount_minor, row.items_minor)]
        yield f"payout {row.pk} ({row.reference}) is {amounts[0]}, its items are {amounts[1]}"


CHECKS: Final = (
    Check("L9", "each partner is owed what was allocated less what was paid", accounts_add_up),
    Check("L9", "each allocation is the sum of its lines and stands in its entry", allocations_booked),
    Check("L9", "each payout that was sent stands in the books", payouts_booked),
    Check("L9", "each reversal and hold stands in the books", reversals_booked),
    Check("L9", "under each cap stands the smaller of the cap and the sum", caps_kept),
    Check("L10", "no share is taken back by more than it was", reversals_within_their_share),
    Check("L10", "of each share is taken back what its refunds justify", reversals_to_date),
    Check("L11", "each payout is the sum of its items", payouts_explained),
)


def _currencies() -> set[str]:
    tables: tuple[QuerySet[Any], ...] = (Allocation.objects.all(), PartnerPayout.objects.all())
    return {currency for table in tables for currency in table.order_by().values_list("currency", flat=True).distinct()}


def _owed_by_owner(currency: str) -> dict[str, int]:
    owed: dict[str, int] = {}
    for purpose in BETWEEN_US:
        for owner, balance in ledger.balances_by_owner(purpose, None, currency).items():
            owed[owner] = owed.get(owner, 0) - balance
    return owed


def _sums(rows: QuerySet[Any, Any], partner: str) -> dict[int, int]:
    """{partner id: sum}, where `partner` is the path to the partner."""
    return dict(rows.order_by().values_list(partner).annotate(Sum("amount_minor")))


# What changed accounts of partners besides shares and payouts, as credits; by hand only what two people approved.
# A part of a transfer that was taken back is owed again while the payout stays paid.
_OTHER_CHANGES: Final = """
    SELECT a.owner, CASE WHEN e.kind = 'reversal' THEN 'reversal' ELSE 'adjustment' END, -sum(l.amount_minor)
      FROM ledger_account a
      JOIN leg l ON l.account_id = a.id
      JOIN ledger_entry e ON e.id = l.entry_id
      LEFT JOIN ledger_manualentry m ON m.entry_id = e.id
     WHERE a.currency = %s AND a.purpose = ANY(%s)
       AND (e.kind IN ('reversal', 'opening') OR m.id IS NOT NULL
            OR e.kind = 'transfer_reversed'
               AND EXISTS (SELECT FROM partners_partnerpayout y
                            WHERE e.source = 'payout:' || y.id AND y.state = 'settled'))
     GROUP BY 1, 2
"""

# An attempt that has come so far has these entries; each moves the partner's account in flight, or payable, once.
_PAYOUTS_NOT_BOOKED: Final = """
    WITH attempt AS (
        SELECT a.*, y.currency, y.id AS payout, 'partner:' || y.partner_id AS owner
          FROM partners_payoutattempt a JOIN partners_partnerpayout y ON y.id = a.payout_id
    ), wanted AS (
        SELECT a.*, 'sent' AS word, a.sent_entry_id AS entry FROM attempt a
         UNION ALL
        SELECT a.*, 'settled', a.settled_entry_id FROM attempt a WHERE a.state IN ('settled', 'returned')
         UNION ALL
        SELECT a.*, a.state, a.back_entry_id FROM attempt a WHERE a.state IN ('failed', 'voided', 'returned')
    )
    SELECT w.key, w.currency, w.amount_minor, w.word, b.amount
      FROM wanted w
      LEFT JOIN LATERAL (
            SELECT sum(l.amount_minor) AS amount
              FROM ledger_entry e
              JOIN ledger_posting l ON l.entry_id = e.id
              JOIN ledger_account d ON d.id = l.debit
              JOIN ledger_account c ON c.id = l.credit
             WHERE w.owner IN (d.owner, c.owner)
               AND (e.id = w.entry AND (e.kind = 'transfer'
                        OR e.idempotency_key = 'payout:' || w.payout || ':' || w.word || ':' || w.number
                        OR w.word = 'settled'
                           AND e.idempotency_key ~ ('^payout:' || w.payout || ':settled:' || w.number || ':[0-9]+$'))
                    OR w.word = 'returned' AND e.kind = 'transfer_reversed' AND e.source = 'payout:' || w.payout)
            ) b ON true
     WHERE b.amount IS DISTINCT FROM w.amount_minor
     ORDER BY w.key, w.word
"""

# What was settled by mistake and taken back belongs to none any more; what took it back undoes nothing that stands.
_BOOKED_WITHOUT_ATTEMPT: Final = """
    SELECT e.id, e.idempotency_key
      FROM ledger_entry e
      LEFT JOIN ledger_entry u ON u.reverses_id = e.id AND u.kind = 'payout_unsettled' AND e.kind = 'payout_settled'
     WHERE e.kind IN ('payout_sent', 'payout_settled', 'payout_failed', 'payout_returned', 'cheque_voided')
       AND e.idempotency_key ~ '^payout:[0-9]+:'
       AND NOT EXISTS (SELECT FROM partners_payoutattempt a
                        WHERE e.id IN (a.sent_entry_id, a.settled_entry_id, a.back_entry_id))
       AND u.id IS NULL
     UNION ALL
    SELECT u.id, u.idempotency_key
      FROM ledger_entry u
      LEFT JOIN ledger_entry e ON e.id = u.reverses_id AND e.kind = 'payout_settled'
     WHERE u.kind = 'payout_unsettled'
       AND (e.id IS NULL OR EXISTS (SELECT FROM partners_payoutattempt a WHERE a.settled_entry_id = e.id))
     ORDER BY 1
"""

_PAYOUT_AND_ATTEMPT_DIFFER: Final = """
    SELECT y.id, y.state, a.state
      FROM partners_partnerpayout y
      LEFT JOIN LATERAL (SELECT t.state FROM partners_payoutattempt t
                          WHERE t.payout_id = y.id ORDER BY t.number DESC LIMIT 1) a ON true
     WHERE y.state NOT IN ('proposed', 'released')
       AND y.state IS DISTINCT FROM CASE a.state WHEN 'voided' THEN 'failed' ELSE a.state END
     ORDER BY y.id
"""

_NOT_TO_DATE: Final = """
    SELECT 'allocation ' || l.allocation_id || ' (' || a.source || ')', l.line_ref, a.currency, back.taken,
           l.amount_minor * back.refunded / l.paid_minor
      FROM partners_allocationline l
      JOIN partners_allocation a ON a.id = l.allocation_id
      JOIN partners_agreement g ON g.id = a.agreement_id AND g.cap_minor IS NULL
      JOIN LATERAL (SELECT sum(r.amount_minor) AS taken,
                           (array_agg(r.refunded_minor ORDER BY r.id DESC))[1] AS refunded
                      FROM partners_allocationreversalline r WHERE r.line_id = l.id) back ON back.taken IS NOT NULL
     WHERE l.paid_minor > 0 AND back.taken <> l.amount_minor * back.refunded / l.paid_minor
     ORDER BY l.id
"""

# While checkouts are open their room is kept, so less may stand.
_NOT_THE_CAP: Final = """
    WITH shares AS (
        SELECT p.total_id, p.id, p.posted_minor,
               coalesce(sum(a.amount_minor - coalesce(back.taken, 0)), 0) AS amount
          FROM partners_capsource p
          LEFT JOIN partners_allocation a ON a.source = p.source AND a.charge_ref = p.charge_ref
           AND a.agreement_id = p.agreement_id
          LEFT JOIN LATERAL (SELECT sum(r.amount_minor) AS taken
                               FROM partners_allocationreversal r WHERE r.allocation_id = a.id) back ON true
         WHERE p.state = 'accrued'
         GROUP BY 1, 2, 3
    ), totals AS (
        SELECT t.id, t.series, t.first_on, t.currency, t.cap_minor, t.net_minor,
               sum(p.uncapped_minor - p.reversed_minor) FILTER (WHERE p.state <> 'released') AS net,
               count(*) FILTER (WHERE p.state = 'reserved') AS open
          FROM partners_agreementtotal t JOIN partners_capsource p ON p.total_id = t.id
         GROUP BY t.id
    ), standing AS (
        SELECT total_id, sum(amount) AS amount, bool_and(amount = posted_minor) AS agrees FROM shares GROUP BY 1
    )
    SELECT t.series, t.first_on, t.currency, least(t.cap_minor, t.net), coalesce(s.amount, 0)
      FROM totals t LEFT JOIN standing s ON s.total_id = t.id
     WHERE t.net <> t.net_minor OR NOT coalesce(s.agrees, true) OR coalesce(s.amount, 0) > t.cap_minor
        OR (t.open = 0 AND coalesce(s.amount, 0) <> least(t.cap_minor, coalesce(t.net, 0)))
     ORDER BY t.id
"""

_NOT_HELD: Final = """
    WITH held AS (
        SELECT 'partner:' || g.partner_id AS owner, a.currency, sum(h.amount_minor) AS amount
          FROM partners_hold h
          JOIN partners_allocation a ON a.id = h.allocation_id
          JOIN partners_agreement g ON g.id = a.agreement_id
         WHERE h.ended_on IS NULL
         GROUP BY 1, 2
    ), booked AS (
        SELECT c.owner, c.currency, -sum(l.amount_minor) AS amount
          FROM ledger_account c JOIN leg l ON l.account_id = c.id
         WHERE c.purpose = 'held'
         GROUP BY 1, 2
    )
    SELECT coalesce(h.owner, b.owner), coalesce(h.currency, b.currency), coalesce(h.amount, 0), coalesce(b.amount, 0)
      FROM held h FULL JOIN booked b ON b.owner = h.owner AND b.currency = h.currency
     WHERE coalesce(h.amount, 0) <> coalesce(b.amount, 0)
     ORDER BY 1
"""

# A reversal carries its share in its key, before ":reversal:"; what is held is taken back from where it is held.
_TAKEN_BACK: Final = """
    WITH taken AS (
        SELECT split_part(e.idempotency_key, ':reversal:', 1) AS ref, a.currency, a.owner,
               sum(l.amount_minor) AS amount, string_agg(DISTINCT 'entry ' || e.id, ', ') AS entries
          FROM ledger_entry e
          JOIN leg l ON l.entry_id = e.id
          JOIN ledger_account a ON a.id = l.account_id
           AND a.purpose IN ('payable', 'held', 'agent_held', 'agent_set_aside')
         WHERE e.kind = 'reversal'
         GROUP BY 1, 2, 3
    ), shares AS (
        SELECT regexp_replace(e.idempotency_key, ':accrual$', '') AS ref, s.currency, s.amount_minor,
               'partner:' || g.partner_id AS owner
          FROM partners_allocation s
          JOIN partners_agreement g ON g.id = s.agreement_id
          JOIN ledger_entry e ON e.id = s.entry_id
    )
    SELECT t.ref, t.entries, t.currency, s.amount_minor, t.amount
      FROM taken t LEFT JOIN shares s ON s.ref = t.ref AND s.currency = t.currency AND s.owner = t.owner
     WHERE s.ref IS NULL OR t.amount < 0 OR t.amount > s.amount_minor
     ORDER BY t.ref
"""
