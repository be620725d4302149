"""`manage.py reconcile`: name what Stripe knows and we do not; with --repair, apply it."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from payments.gateway import StripeUnavailable
from payments.operations.reconcile import NOT_LISTED, Finding, Report, reconcile
from payments.operations.reconcile_events import MissedEvent, reconcile_events
from people import clock

EVENTS_BACK_MAX_DAYS = 30


class Command(BaseCommand):
    help = "Compare Stripe's objects (or its events) with what is known here. Changes nothing without --repair."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=3, help="how far back to look (default 3)")
        parser.add_argument("--events", action="store_true", help="compare the events of the last 30 days at most")
        parser.add_argument("--repair", action="store_true", help="apply what is found")

    def handle(self, *args: Any, **options: Any) -> None:
        days: int = options["days"]
        if days < 1:
            raise CommandError(f"--days is {days}: look back one day at least.")
        if options["events"] and days > EVENTS_BACK_MAX_DAYS:
            raise CommandError(f"--days is {days}: Stripe lists events for {EVENTS_BACK_MAX_DAYS} days only.")
        try:
            found = (
                self._events(days, options["repair"]) if options["events"] else self._objects(days, options["repair"])
            )
        except StripeUnavailable as error:
            raise CommandError(f"Stripe could not be asked: {error}.") from error
        if found and not options["repair"]:
            raise CommandError(f"{found} found; run again with --repair to apply what can be applied.")

    def _objects(self, days: int, repair: bool) -> int:
        now = clock.now()
        report = reconcile(since=now - timedelta(days=days), until=now, repair=repair, now=now, progress=self._progress)
        for finding in report.findings:
            self.stdout.write(sentence(finding, repair))
        self.stdout.write(totals(report))
        unlisted = [finding.kind for finding in report.findings if finding.trouble == NOT_LISTED]
        if unlisted:
            raise CommandError(f"Stripe could not list {', '.join(unlisted)}: run this again.")
        return len(report.findings)

    def _events(self, days: int, repair: bool) -> int:
        now = clock.now()
        missed = reconcile_events(
            since=now - timedelta(days=days),
            until=now,
            repair=repair,
            progress=lambda number: self._progress("event", number),
        )
        for event in missed:
            self.stdout.write(event_sentence(event, repair))
        self.stdout.write(f"{len(missed)} events never came in.")
        return len(missed)

    def _progress(self, kind: str, number: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{number:,} looked at: {kind}    ", ending="")
            self.stderr.flush()


def sentence(finding: Finding, repair: bool) -> str:
    """One finding in words."""
    if finding.trouble:
        return f"TROUBLE  {f'{finding.kind} {finding.object_id}'.rstrip()}: {finding.trouble}"
    rows = ", ".join(f"{table} {number}" for table, number in sorted(finding.changed.items()))
    return f"{'APPLIED' if repair else 'MISSING'}  {finding.kind} {finding.object_id}: rows changed: {rows}"


def event_sentence(event: MissedEvent, repair: bool) -> str:
    """One event that never came in, in words."""
    if event.refused:
        return f"TROUBLE  {event.type} {event.event_id}: {event.refused}"
    return f"{'RECEIVED' if repair else 'MISSING'}  {event.type} {event.event_id}"


def totals(report: Report) -> str:
    """How much was looked at."""
    looked_at = ", ".join(f"{number} {kind}" for kind, number in report.looked_at.items())
    return f"Looked at {looked_at}; {len(report.findings)} found."
