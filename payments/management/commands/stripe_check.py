"""`manage.py stripe_check`: ask Stripe whether our key works and our webhook endpoint is what we need."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from payments import registry
from payments.gateway import StripeRefused, StripeUnavailable
from payments.operations.check_endpoint import check_endpoint
from payments.settlement_check import settlement_problems
from people import clock


class Command(BaseCommand):
    help = "Compare endpoint and currency at Stripe with ours. Ends with 1 when something is wrong."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--types", action="store_true", help="print the event types that are read, and ask nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["types"]:
            self.stdout.write("\n".join(sorted(registry.types_read())))
            return
        try:
            problems = [*check_endpoint(now=clock.now()), *settlement_problems()]
        except (StripeUnavailable, StripeRefused) as error:
            raise CommandError(f"Stripe could not be asked: {error}.") from error
        if problems:
            raise CommandError("\n".join(problems))
        self.stdout.write("Stripe accepts our key and sends what we read.")
