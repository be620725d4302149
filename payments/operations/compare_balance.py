"""What the processor says it holds for us is compared with account 1050, over the same balance transactions (L6)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import stripe
from django.db import transaction
from django.db.models import Max

from ledger import queries as ledger
from ledger.discrepancies import Found
from ledger.models import Account
from ledger.operations.open_exception import keep_exceptions
from payments import gateway
from payments.discrepancies import BALANCE_DIFFERS, BALANCE_NEGATIVE
from payments.models import BalanceComparison, BalanceTransaction
from payments.operations.list_balance_transactions import SHORT_OVERLAP, list_balance_transactions

LOOKS_MAX: Final = 10
Amounts = dict[str, int]


class StillMoving(Exception):
    """Money kept coming in while we asked: compare again in a quieter minute. Nothing was kept."""


def compare_balance(*, now: datetime) -> list[BalanceComparison]:
    """Keep a comparison for each currency; a difference, or a balance below zero, is an exception until it is gone.

    Listed, asked, listed again: when the second listing brings anything, the answer is of another moment than our sum,
    and all is done once more. Never inside a transaction (RuntimeError). Raises StripeUnavailable, StillMoving.
    """
    list_balance_transactions(now=now, overlap=SHORT_OVERLAP)
    for _ in range(LOOKS_MAX):
        before = _ours()
        theirs = gateway.client().balance()
        list_balance_transactions(now=now, overlap=SHORT_OVERLAP)
        if _ours() == before:
            return _keep(before[1], theirs, now)
    raise StillMoving(f"{LOOKS_MAX} times in a row")


def _ours() -> tuple[int, Amounts]:
    """The last balance transaction that anybody recorded, and what 1050 holds of each currency."""
    last = BalanceTransaction.objects.aggregate(last=Max("id"))["last"] or 0
    currencies = Account.objects.filter(purpose="stripe_balance").values_list("currency", flat=True)
    return last, {currency: ledger.balance("stripe_balance", currency=currency) for currency in currencies}


@transaction.atomic
def _keep(ours: Amounts, theirs: stripe.Balance, now: datetime) -> list[BalanceComparison]:
    available, pending = _by_currency(theirs.available), _by_currency(theirs.pending)
    rows = [
        BalanceComparison.objects.create(
            compared_at=now,
            currency=currency,
            available_minor=available.get(currency, 0),
            pending_minor=pending.get(currency, 0),
            ours_minor=ours.get(currency, 0),
        )
        for currency in sorted({*ours, *available, *pending})
    ]
    for row in rows:
        row.refresh_from_db(fields=["difference_minor"])
    differing = [
        Found(_subject(row), row.difference_minor, row.currency, "ours less theirs")
        for row in rows
        if row.difference_minor != 0
    ]
    negative = [
        Found(_subject(row), row.available_minor + row.pending_minor, row.currency)
        for row in rows
        if row.available_minor + row.pending_minor < 0
    ]
    keep_exceptions(BALANCE_DIFFERS, differing, now=now)
    keep_exceptions(BALANCE_NEGATIVE, negative, now=now)
    return rows


def _subject(row: BalanceComparison) -> str:
    return f"account:1050:{row.currency}"


def _by_currency(amounts: list[stripe.Balance.Available] | list[stripe.Balance.Pending]) -> Amounts:
    return {one.currency: one.amount for one in amounts}
