"""`manage.py list_balance`: list what Stripe booked, and with --compare ask for its balance too."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ledger.books import in_words
from payments.gateway import StripeUnavailable
from payments.operations.compare_balance import StillMoving, compare_balance
from payments.operations.list_balance_transactions import Listed, list_balance_transactions
from people import clock


class Command(BaseCommand):
    help = "List Stripe's balance transactions and post what is missing. Safe at any time, and twice at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, help="how far back to look (default: 48 hours before the last listing)")
        parser.add_argument("--compare", action="store_true", help="then compare Stripe's balance with account 1050")

    def handle(self, *args: Any, **options: Any) -> None:
        now, days = clock.now(), options["days"]
        if days is not None and days < 1:
            raise CommandError(f"--days is {days}: look back one day at least.")
        since = None if days is None else now - timedelta(days=days)
        try:
            listed = list_balance_transactions(now=now, since=since, tell=self._progress)
            self.stdout.write(f"{listed.seen} balance transactions, {listed.new} of them new.")
            if options["compare"]:
                self._compare(now)
        except StripeUnavailable as error:
            raise CommandError(f"Stripe could not be asked: {error}. What was listed so far is kept.") from error

    def _compare(self, now: datetime) -> None:
        try:
            rows = compare_balance(now=now)
        except StillMoving:
            raise CommandError("Money kept coming in while Stripe was asked: try again in a quieter minute.") from None
        for row in rows:
            theirs = row.available_minor + row.pending_minor
            self.stdout.write(
                f"{row.currency}: ours {in_words(row.ours_minor, row.currency)},"
                f" Stripe's {in_words(theirs, row.currency)}"
            )
        differing = [row.currency for row in rows if row.difference_minor]
        if differing:
            raise CommandError(f"The balances differ in {', '.join(differing)}; an exception is open.")

    def _progress(self, through: datetime, so_far: Listed) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{so_far.seen:,} listed, through {through:%Y-%m-%d %H:%M} UTC    ", ending="")
            self.stderr.flush()
