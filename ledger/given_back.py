"""What went back of each part of a payment, as the entries about its source have it (rules/ledger.md L12)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ledger.books import in_words
from ledger.contents import stream


def more_than_was_paid(kind_of_source: str) -> Iterator[str]:
    """One sentence for each part of which more went back than was paid; `kind_of_source` is "order" or "gift".

    Refunds count, less those that failed, and lost disputes. Of goods only refunds do: what a buyer's bank took above
    all that was left of a payment is our loss, and stands on the same account as the goods it took (rules/ledger.md
    section 5, "A dispute of more than what is left").
    """
    for source, part, currency, paid, back in stream(_PARTS, [f"{kind_of_source}:%"]):
        yield (
            f"{source}: {in_words(int(back), currency)} of its {part} went back,"
            f" {in_words(int(paid), currency)} was paid for it"
        )


# An earlier year's gift and its cover go back in one sum, so they are also compared together.
_PARTS: Final = """
    WITH parts (part, purpose) AS (
        VALUES ('goods', 'sales'), ('goods', 'discounts'), ('goods', 'sales_refunds'), ('shipping', 'shipping_income'),
               ('tax', 'tax_payable'), ('gift', 'contributions'), ('fee cover', 'cover'),
               ('gift and fee cover', 'contributions'), ('gift and fee cover', 'cover'),
               ('gift and fee cover', 'prior_year_refunds')
    ), moved AS (
        SELECT e.source, parts.part, a.currency,
               COALESCE(-sum(l.amount_minor) FILTER (WHERE e.kind IN ('sale', 'gift')), 0) AS paid,
               COALESCE(sum(l.amount_minor)
                        FILTER (WHERE e.kind NOT IN ('sale', 'gift')), 0) AS back
          FROM ledger_entry e
          JOIN leg l ON l.entry_id = e.id
          JOIN ledger_account a ON a.id = l.account_id
          JOIN parts ON parts.purpose = a.purpose
         WHERE e.kind IN ('sale', 'gift', 'refund', 'refund_failed', 'dispute_lost', 'dispute_recovered')
           AND e.source LIKE %s
         GROUP BY e.source, parts.part, a.currency
    )
    SELECT source, part, currency, paid, back FROM moved WHERE back > paid ORDER BY source, part
"""
