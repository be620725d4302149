"""What must always be true between donations' rows and the books; `manage.py books` runs these checks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from donations.models import Fund
from donations.operations.open_fund_accounts import RESTRICTED_LIKE_THE_FUND, restriction_in_the_books
from ledger.books import Check, in_words
from ledger.contents import stream
from ledger.given_back import more_than_was_paid
from ledger.models import Account


def paid_gifts_booked() -> Iterator[str]:
    """L12: of each paid gift the gift part and the fee cover are what its entry says, on the account of its fund, and
    come together to what was charged; each gift entry is of a paid gift."""
    for gift, charge, currency, part, asked, other, amount in stream(_PARTS):
        said = in_words(int(amount), currency) if amount is not None else "nothing"
        yield f"gift:{gift} ({charge}): {part} is {in_words(asked, currency)}, {other} {said}"
    for kind, key, entry in stream(_ENTRIES_OF_NO_GIFT):
        yield f"{kind} {key} (entry {entry}) is of no paid gift"


def refunds_within_their_parts() -> Iterator[str]:
    """L12: of no part of a gift more went back than was given."""
    yield from more_than_was_paid("gift")


def restrictions_are_the_funds() -> Iterator[str]:
    """What was given to a fund stands on accounts under the fund's own restriction."""
    for fund in Fund.objects.order_by("pk"):
        wanted = restriction_in_the_books(fund)
        accounts = Account.objects.filter(owner=f"fund:{fund.slug}", purpose__in=RESTRICTED_LIKE_THE_FUND)
        for account in accounts.exclude(restriction=wanted).order_by("code", "currency"):
            yield f"{account} in {account.currency} (account {account.pk}) is {account.restriction}, its fund {wanted}"


CHECKS: Final = (
    Check("L12", "each paid gift has its entry, to the cent", paid_gifts_booked),
    Check("L12", "no part of a gift was refunded beyond itself", refunds_within_their_parts),
    Check("", "each fund's gifts are restricted as the fund is", restrictions_are_the_funds),
)

# For each paid gift each of its parts beside what its entry and the charge say of it; what differs is wrong.
_PARTS: Final = """
    WITH booked AS (
        SELECT e.idempotency_key AS key, max(a.owner) FILTER (WHERE a.purpose = 'contributions') AS fund,
               -sum(l.amount_minor) FILTER (WHERE a.purpose = 'contributions') AS gift,
               -sum(l.amount_minor) FILTER (WHERE a.purpose = 'cover') AS cover,
               sum(l.amount_minor) FILTER (WHERE a.purpose = 'clearing') AS total
          FROM ledger_entry e
          JOIN leg l ON l.entry_id = e.id
          JOIN ledger_account a ON a.id = l.account_id
         WHERE e.kind = 'gift'
         GROUP BY e.id
    )
    SELECT g.id, g.charge_ref, g.currency, p.part, p.asked, p.other, p.amount
      FROM donations_gift g
      JOIN donations_fund f ON f.id = g.fund_id
      LEFT JOIN booked b ON b.key = g.charge_ref || ':gift'
      LEFT JOIN payments_charge c ON 'stripe:charge:' || c.charge_id = g.charge_ref AND c.currency = g.currency
     CROSS JOIN LATERAL (VALUES
           ('the gift part', g.charged_minor - g.fee_cover_minor, 'the entry gave its fund',
            CASE WHEN b.fund = 'fund:' || f.slug THEN b.gift ELSE 0 END),
           ('the fee cover', g.fee_cover_minor, 'the entry says', coalesce(b.cover, 0)),
           ('the whole', g.charged_minor, 'the entry took from clearing', coalesce(b.total, 0)),
           ('the whole', g.charged_minor, 'the charge was', c.amount_minor)
           ) AS p (part, asked, other, amount)
     WHERE g.state = 'paid' AND p.amount IS DISTINCT FROM p.asked
     ORDER BY g.id
"""

_ENTRIES_OF_NO_GIFT: Final = """
    SELECT e.kind, e.idempotency_key, e.id
      FROM ledger_entry e
     WHERE e.kind = 'gift'
       AND NOT EXISTS (SELECT FROM donations_gift g
                        WHERE g.state = 'paid' AND g.charge_ref || ':gift' = e.idempotency_key)
     ORDER BY e.id
"""
