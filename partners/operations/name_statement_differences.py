"""Gaps between statements, and balances that do not follow, are exceptions for as long as they are there."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ledger.operations.open_exception import keep_exceptions
from partners.bank.continuity import balances_that_differ, gaps
from partners.bank.discrepancies import BALANCE_DIFFERS, STATEMENT_GAP
from partners.models import BankAccount


@transaction.atomic
def name_statement_differences(*, now: datetime) -> None:
    """Look through every account; a file that fills a gap closes its exception."""
    accounts = list(BankAccount.objects.order_by("pk"))
    keep_exceptions(STATEMENT_GAP, [found for account in accounts for found in gaps(account)], now=now)
    differing = [found for account in accounts for found in balances_that_differ(account)]
    keep_exceptions(BALANCE_DIFFERS, differing, now=now)
