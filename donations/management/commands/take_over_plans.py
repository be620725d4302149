"""`manage.py take_over_plans`: list another system's subscriptions, and with --apply carry them on."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from donations.operations.take_over_plan import Outcome
from donations.operations.take_over_plans import NotBegun, refuse_without_books, take_over_plans
from donations.take_over import PlanVerdict, counts, look_at_subscriptions
from donations.take_over_map import RowsRefused, TakeOverMap, read_map
from payments.gateway import StripeRefused, StripeUnavailable
from payments.operations.take_over_customers import take_over_customers
from people import clock
from people.csv_files import NotReadable, text_of
from people.money import format_minor
from people.queries import local_day, organisation

COLUMNS: Final = (
    *("subscription", "customer", "email", "verdict", "reasons", "fund", "amount_minor", "cover_minor"),
    *("currency", "day", "next_at", "started_at", "supporter"),
)
WORDS: Final = {"takes": "TAKES  ", "known": "KNOWN  ", "over": "OVER   ", "cannot": "CANNOT "}


class Command(BaseCommand):
    help = (
        "Look at every subscription at Stripe and say what would become of it; with --apply make plans of those that"
        " can be carried on. Nothing changes at Stripe without --mark. Safe beside live traffic, and twice."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("map", type=Path, help="CSV: stripe (price_…, prod_…, metadata:key=value), fund, cover")
        parser.add_argument("--apply", action="store_true", help="make the plans; without it nothing is written")
        parser.add_argument("--mark", action="store_true", help="with --apply: write our words on each at Stripe")
        parser.add_argument("--customers", action="store_true", help="make supporters of all other customers too")
        parser.add_argument("--report", type=Path, metavar="FILE", help="write every verdict there, as CSV")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["mark"] and not options["apply"]:
            raise CommandError("--mark changes something at Stripe: it needs --apply.")
        try:
            refuse_without_books()
            verdicts = look_at_subscriptions(by_map=_map(options["map"]), progress=self._progress("listed"))
            self._show(verdicts)
            if options["report"] is not None:
                _write(options["report"], verdicts)
            if options["apply"]:
                self._apply(verdicts, options["mark"])
            if options["customers"]:
                self._customers(apply=options["apply"])
            if options["apply"]:
                return
            self.stdout.write("Nothing was written. Run it again with --apply to take them over.")
        except StripeUnavailable as error:
            raise CommandError(
                f"Stripe could not be asked: {error}. What was taken over stays; run it again."
            ) from error
        except StripeRefused as error:
            raise CommandError(f"Stripe refused: {error}. What was taken over stays.") from error
        except (NotBegun, NotReadable, RowsRefused) as error:
            raise CommandError(str(error)) from None

    def _show(self, verdicts: Sequence[PlanVerdict]) -> None:
        for one in verdicts:
            self.stdout.write(sentence(one))
        found = counts(verdicts)
        self.stdout.write(
            f"{len(verdicts)} subscriptions: {found['takes']} can be taken over, {found['known']} are plans already,"
            f" {found['over']} are over, {found['cannot']} cannot be taken over."
        )

    def _apply(self, verdicts: Sequence[PlanVerdict], mark: bool) -> None:
        done = take_over_plans(verdicts=verdicts, mark=mark, now=clock.now(), progress=self._progress("taken over"))
        for subscription_ref in done.second:
            self.stdout.write(f"CANNOT  {subscription_ref}: this address gives each month to the fund already")
        self.stdout.write(
            f"{done.outcomes[Outcome.TAKEN_OVER]} taken over, {done.gifts} gifts since the books began recorded"
            + (f", {done.marked} marked at Stripe." if mark else ". Nothing changed at Stripe.")
        )

    def _customers(self, *, apply: bool) -> None:
        found = take_over_customers(apply=apply, now=clock.now(), progress=self._progress("customers listed"))
        self.stdout.write(
            f"Customers: {found.new} new supporters, {found.known} known by their address, {found.here} here already,"
            f" {found.nobody} without an address."
        )

    def _progress(self, words: str) -> Any:
        def tell(number: int) -> None:
            if self.stderr.isatty():
                self.stderr.write(f"\r{number:,} {words}    ", ending="")
                self.stderr.flush()

        return tell


def sentence(one: PlanVerdict) -> str:
    """One verdict in words; no names or addresses, which do not belong in a terminal's history."""
    found = one.found
    amount = format_minor(found.amount_minor, found.currency) if found.amount_minor is not None else "no fixed amount"
    what = f"{WORDS[one.verdict]} {found.subscription_ref} {amount}"
    if one.verdict == "takes" and one.fund is not None:
        cover = f", {format_minor(one.cover_minor, found.currency)} of it cover the fee" if one.cover_minor else ""
        day = f", next on {local_day(found.next_at).isoformat()}" if found.next_at else ""
        known = "; the supporter is known" if one.is_known_supporter else ""
        return f"{what} a month to {one.fund.slug}{cover}, day {found.anchor_at.day}{day}{known}"
    return f"{what}: {'; '.join(one.reasons)}" if one.reasons else what


def _map(path: Path) -> TakeOverMap:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
    return read_map(content, currency=organisation().currency)


def _write(path: Path, verdicts: Sequence[PlanVerdict]) -> None:
    rows: list[tuple[str | int, ...]] = [
        (
            one.found.subscription_ref,
            one.found.customer.customer_ref,
            one.found.customer.email,
            one.verdict,
            "; ".join(one.reasons),
            one.fund.slug if one.fund else "",
            one.found.amount_minor if one.found.amount_minor is not None else "",
            one.cover_minor,
            one.found.currency,
            one.found.anchor_at.day,
            one.found.next_at.isoformat() if one.found.next_at else "",
            one.found.started_at.isoformat(),
            "known" if one.is_known_supporter else "new",
        )
        for one in verdicts
    ]
    try:
        path.write_text(text_of(COLUMNS, rows), encoding="utf-8", newline="")
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from None
