"""The trial balance of a month's end as CSV: a row for each account that moved, a total for each currency."""

from __future__ import annotations

import csv
from decimal import Decimal
from io import StringIO
from typing import Final

from ledger.models import Account
from ledger.queries import trial_balance
from people.money import exponent
from people.queries import days_of

HEADINGS: Final = ("code", "account", "owner", "type", "currency", "debits", "credits", "balance")


def trial_balance_csv(yyyymm: int) -> bytes:
    """As of the month's last day, of all that is posted by now; the same books give the same bytes."""
    _, last_day = days_of(yyyymm)
    out = StringIO()
    rows = csv.writer(out)
    rows.writerow(HEADINGS)
    for currency in Account.objects.order_by("currency").values_list("currency", flat=True).distinct():
        lines = trial_balance(last_day, currency)
        for line in lines:
            sums = (line.debits_minor, line.credits_minor, line.balance_minor)
            name = line.purpose.replace("_", " ")  # ours, where the account's own name may be somebody's words
            rows.writerow(
                [line.code, name, line.owner, line.type, currency, *(_plain(minor, currency) for minor in sums)]
            )
        if lines:
            debits, credits_ = (
                sum(getattr(line, side) for line in lines) for side in ("debits_minor", "credits_minor")
            )
            total = (_plain(debits, currency), _plain(credits_, currency), _plain(debits - credits_, currency))
            rows.writerow(["", "total", "", "", currency, *total])
    return out.getvalue().encode()


def _plain(minor: int, currency: str) -> str:
    """ "-12.50", as a spreadsheet reads a number."""
    return f"{Decimal(minor).scaleb(-exponent(currency)):f}"
