"""`manage.py share_proof`: the document by which a donor or buyer can check that their share is in the total."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ledger.proofs import NoProof, proof_document
from people.queries import month_bounds, organisation


class Command(BaseCommand):
    help = "Print the proof that one share is inside a partner's published total of a month."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("partner", help="the owner of its accounts, such as partner:7")
        parser.add_argument("month", help="such as 2026-10")
        parser.add_argument("receipt", help="what the share comes from, such as gift:7 or order:1042")
        parser.add_argument("--currency", help="the currency (default: the organisation's)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            first_day, _ = month_bounds(options["month"])
        except ValueError as error:
            raise CommandError(f"{options['month']} is not a month such as 2026-10.") from error
        try:
            document = proof_document(
                partner=options["partner"],
                yyyymm=first_day.year * 100 + first_day.month,
                currency=options["currency"] or organisation().currency,
                receipt=options["receipt"],
            )
        except NoProof as missing:
            raise CommandError(str(missing)) from missing
        self.stdout.write(json.dumps(document, indent=2))
