"""`manage.py open_books`: read the balances of the old books, and with --apply propose them."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from ledger.books import in_words
from ledger.openings import MonthClosed, eve_of_the_books
from ledger.operations.post_entry import BadPosting, NoSuchMonth
from ledger.operations.propose_opening import (
    AlreadyOpened,
    Looked,
    NotBegun,
    ReasonMissing,
    Unfit,
    look_at_opening,
    propose_opening,
)
from payments.gateway import StripeUnavailable
from payments.operations.ask_balance_at import StillMoving, ask_balance_at
from people import clock
from people.acting import MayNot, acting
from people.csv_files import NotReadable, text_of
from people.operations.attach_file import NotAttachable
from people.queries import books_begin_at, organisation

REFUSALS: Final = (
    AlreadyOpened,
    BadPosting,
    MayNot,
    MonthClosed,
    NoSuchMonth,
    NotAttachable,
    NotBegun,
    NotReadable,
    ReasonMissing,
)
ROWS_SHOWN: Final = 50


class Command(BaseCommand):
    help = "Look at the balances with which the books begin; with --apply propose them to a second person."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="CSV: account, owner, currency, debit, credit")
        parser.add_argument("--apply", action="store_true", help="propose them; without it nothing is written")
        parser.add_argument("--by", default="", metavar="EMAIL", help="with --apply: the finance preparer who proposes")
        parser.add_argument("--why", default="", help="with --apply: where the balances come from")
        parser.add_argument("--report", type=Path, metavar="FILE", help="write every row and its verdict there, as CSV")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            content = options["file"].read_bytes()
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from None
        try:
            self._open(content, options)
        except Unfit as unfit:
            self._show(unfit.looked, options["report"])
            raise CommandError(f"Nothing was proposed. {unfit}") from None
        except StripeUnavailable as error:
            raise CommandError(f"Stripe could not be asked for its balance: {error}.") from error
        except StillMoving:
            raise CommandError("Money kept coming in while Stripe was asked: try again in a quieter minute.") from None
        except REFUSALS as refusal:
            raise CommandError(str(refusal)) from None

    def _open(self, content: bytes, options: dict[str, Any]) -> None:
        org = organisation()
        eve_of_the_books(org)
        begin_at = books_begin_at(org)
        assert begin_at is not None
        stripe_minor = ask_balance_at(moment=begin_at)
        looked = look_at_opening(content=content, stripe_minor=stripe_minor)
        if not looked.fits:
            raise Unfit(looked)
        self._show(looked, options["report"])
        if not options["apply"]:
            self.stdout.write("Nothing was written. Run it again with --apply --by EMAIL --why REASON to propose it.")
            return
        by = acting(options["by"], "finance preparer")
        row = propose_opening(
            file_name=options["file"].name,
            content=content,
            words=options["why"],
            stripe_minor=stripe_minor,
            by=by,
            now=clock.now(),
        )
        self.stdout.write(f"Proposed as {row.ref}. A finance approver other than {by} decides at /desk/opening/.")

    def _show(self, looked: Looked, report: Path | None) -> None:
        refused = [row for row in looked.verdicts if row.verdict == "refused"]
        for row in refused[:ROWS_SHOWN]:
            self.stdout.write(f"REFUSED  line {row.number} ({row.words}): {row.problem}")
        if len(refused) > ROWS_SHOWN:
            self.stdout.write(f"... and {len(refused) - ROWS_SHOWN} more; --report FILE writes them all.")
        for line in looked.trial:
            name = f"{line.name} {line.owner}".strip()
            side = "debit " if line.debit_minor else "credit"
            amount = in_words(abs(line.balance_minor), line.currency)
            self.stdout.write(f"{line.currency}  {line.code:<5} {name:<52.52} {side} {amount:>16}")
        if report is not None:
            write_report(report, looked)


def write_report(path: Path, looked: Looked) -> None:
    """Every row of the file with its verdict. Raises CommandError where the file cannot be written."""
    rows: list[tuple[str | int, ...]] = [
        (str(row.number), row.verdict, row.problem, row.words, row.currency, row.debit_minor, row.credit_minor)
        for row in looked.verdicts
    ]
    columns = ("line", "verdict", "problem", "row", "currency", "debit_minor", "credit_minor")
    try:
        path.write_text(text_of(columns, rows), encoding="utf-8", newline="")
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from None
