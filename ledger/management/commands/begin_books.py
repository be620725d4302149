"""`manage.py begin_books`: say with which day the books begin."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ledger.operations.begin_books import AlreadyOpened, EntriesBefore, Outcome, TooFarAhead, begin_books
from people import clock


class Command(BaseCommand):
    help = "Say with which day the books begin, before the first worker runs with the real key (docs/going-live.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("day", help="such as 2027-01-01, a day of the organisation's zone")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            on = date.fromisoformat(options["day"])
        except ValueError:
            raise CommandError(f"{options['day']} is not a day such as 2027-01-01.") from None
        try:
            outcome = begin_books(on=on, now=clock.now())
        except (AlreadyOpened, EntriesBefore, TooFarAhead) as error:
            raise CommandError(str(error)) from None
        begun = "The books begin" if outcome is Outcome.BEGUN else "The books began already"
        self.stdout.write(f"{begun} on {on.isoformat()}.")
