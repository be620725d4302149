"""`manage.py books`: check that the books add up, name what does not, and show where they stand."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from ledger import books
from ledger.books_report import as_json, head, result_lines, summary_lines
from ledger.contents import look_at_one_moment
from ledger.summary import summary
from people import clock


class Command(BaseCommand):
    help = "Check that the books add up and show where they stand; exit code 1 when something does not."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="the same as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        now, results = clock.now(), []
        say = (lambda _: None) if options["json"] else self.stdout.write
        say(f"{head(now)}\n\nChecks")
        with transaction.atomic():
            look_at_one_moment()
            for result in books.run():
                results.append(result)
                for line in result_lines(result):
                    say(self.style.ERROR(line) if "WRONG" in line else line)
            found = summary(now)
        if options["json"]:
            self.stdout.write(json.dumps(as_json(results, found)))
        say("\n" + "\n".join(summary_lines(found)) + "\n\n")
        failed = [result for result in results if result.count]
        if failed:
            raise CommandError(f"The books do not add up: {len(failed)} of {len(results)} checks failed.")
        say(f"The books add up: {len(results)} checks passed.")
