"""`manage.py books`: check that the books add up, and name what does not."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from ledger import books
from ledger.contents import look_at_one_moment


class Command(BaseCommand):
    help = "Check that the books add up; name what does not, and then end with exit code 1."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object instead of the report")

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            look_at_one_moment()
            results = []
            for result in books.run():
                results.append(result)
                if not options["json"]:
                    self._report(result)
        failed = [result for result in results if result.count]
        if options["json"]:
            self.stdout.write(json.dumps({"ok": not failed, "checks": [asdict(result) for result in results]}))
        if failed:
            raise CommandError(f"The books do not add up: {len(failed)} of {len(results)} checks failed.")
        if not options["json"]:
            self.stdout.write(f"The books add up: {len(results)} checks passed.")

    def _report(self, result: books.Result) -> None:
        if not result.count:
            self.stdout.write(f"ok     {result.name}")
            return
        self.stdout.write(self.style.ERROR(f"WRONG  {result.name}: {result.count} found"))
        for finding in result.findings:
            self.stdout.write(f"       - {finding}")
        if result.count > len(result.findings):
            self.stdout.write(f"       … and {result.count - len(result.findings)} more")
