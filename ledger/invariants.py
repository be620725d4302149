"""What must always be true of the ledger by itself (rules/ledger.md "Invariants"); `manage.py books` runs these.

Each check yields one sentence for each thing that is wrong, naming the row: kind, key and id.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from ledger.accounts import UnknownAccount, chart_line
from ledger.books import Check, in_words
from ledger.builders import processor
from ledger.contents import all_contents, sentences, stream
from ledger.guards import missing_guards
from ledger.models import Account, Period
from people import clock
from people.models import Organisation
from people.queries import local_day

MONTHS_AHEAD = 3


def debits_equal_credits() -> Iterator[str]:
    """L1: the legs on the accounts of each currency add up to zero."""
    for currency, difference in stream(
        """
        SELECT a.currency, sum(l.amount_minor)::bigint
          FROM leg l JOIN ledger_account a ON a.id = l.account_id
         GROUP BY a.currency HAVING sum(l.amount_minor) <> 0
         ORDER BY a.currency
        """
    ):
        yield f"{currency}: debits minus credits are {in_words(difference, currency)}"


def postings_are_whole() -> Iterator[str]:
    """L1: each posting is above zero, between two accounts of its own currency, and of an entry of the same day."""
    yield from sentences(
        """
        SELECT format('%%s %%s (entry %%s), posting %%s: %%s',
                      coalesce(e.kind, 'entry'), coalesce(e.idempotency_key, 'gone'), p.entry_id, p.ordinal,
                      CASE WHEN e.id IS NULL THEN 'its entry is gone'
                           WHEN p.amount_minor <= 0 THEN 'its amount is not above zero'
                           WHEN p.debit = p.credit THEN 'one account on both sides'
                           WHEN e.effective_date <> p.effective_date THEN 'another day than its entry'
                           ELSE 'an account of another currency, or none' END)
          FROM ledger_posting p
          LEFT JOIN ledger_entry e ON e.id = p.entry_id
          LEFT JOIN ledger_account d ON d.id = p.debit AND d.currency = p.currency
          LEFT JOIN ledger_account c ON c.id = p.credit AND c.currency = p.currency
         WHERE e.id IS NULL OR d.id IS NULL OR c.id IS NULL
            OR p.amount_minor <= 0 OR p.debit = p.credit OR e.effective_date <> p.effective_date
        """
    )


def entries_are_as_posted() -> Iterator[str]:
    """L2: each entry has at least one posting, and its content hash recomputes from the rows as they stand now."""
    for content in all_contents():
        if not content.has_postings:
            yield f"{content.kind} {content.key} (entry {content.entry_id}) has no posting"
        elif not content.is_as_posted:
            yield (
                f"{content.kind} {content.key} (entry {content.entry_id}) was changed after it was posted: "
                "its content hash differs"
            )


def nothing_else_moves_the_processors_balance() -> Iterator[str]:
    """L5, the ledger's half: account 1050 is moved by balance transactions alone, so that it can equal Stripe's own."""
    for kind, key, pk, currency, moved in stream(
        """
        SELECT e.kind, e.idempotency_key, e.id, a.currency, sum(l.amount_minor)::bigint
          FROM ledger_account a
          JOIN leg l ON l.account_id = a.id
          JOIN ledger_entry e ON e.id = l.entry_id AND e.kind <> ALL(%s)
         WHERE a.purpose = 'stripe_balance'
         GROUP BY e.id, a.currency
         ORDER BY e.id
        """,
        [list(processor.KINDS)],
    ):
        yield f"{kind} {key} (entry {pk}) moves the Stripe balance by {in_words(moved, currency)}"


def months_are_there() -> Iterator[str]:
    """Each entry falls in a month of the books, and there are months for what comes next."""
    yield from sentences(
        """
        SELECT DISTINCT format('%%s has entries and is not in the books', ledger_month(effective_date))
          FROM ledger_entry
         WHERE NOT EXISTS (SELECT FROM ledger_period WHERE yyyymm = ledger_month(effective_date))
         ORDER BY 1
        """
    )
    org, now = Organisation.objects.filter(pk=1).first(), clock.now()
    today = local_day(now, org) if org else now.date()
    wanted = {_month_after(today, months) for months in range(MONTHS_AHEAD + 1)}
    for month in sorted(wanted - set(Period.objects.filter(yyyymm__in=wanted).values_list("yyyymm", flat=True))):
        yield f"{month} is not in the books: run manage.py prepare"


def accounts_fit_the_chart() -> Iterator[str]:
    """Each account is as the chart has it: code, type, and an owner where one belongs."""
    for account in Account.objects.order_by("code", "owner", "currency").iterator():
        try:
            line = chart_line(account.purpose, account.owner)
        except UnknownAccount as error:
            yield f"account {account.pk} ({account}): {error}"
            continue
        if (account.code, account.type) != (line.code, line.type.value):
            yield f"account {account.pk} ({account}) is {account.type}; the chart has {line.code} {line.type}"


def guards_stand() -> Iterator[str]:
    """The database refuses changes by itself."""
    for guard in missing_guards():
        yield f"{guard} is missing or switched off"


CHECKS: Final = (
    Check("L1", "debits equal credits in each currency", debits_equal_credits),
    Check("L1", "each posting is whole", postings_are_whole),
    Check("L2", "each entry is as it was posted", entries_are_as_posted),
    Check("L5", "only balance transactions move the Stripe balance", nothing_else_moves_the_processors_balance),
    Check("", "each month needed is in the books", months_are_there),
    Check("", "each account fits the chart", accounts_fit_the_chart),
    Check("", "the guards of the books stand", guards_stand),
)


def _month_after(day: date, months: int) -> int:
    number = day.year * 12 + day.month - 1 + months
    return number // 12 * 100 + number % 12 + 1
