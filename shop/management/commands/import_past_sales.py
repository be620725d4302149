"""`manage.py import_past_sales`: read the sales of before Tassel, and with --apply keep them as history."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from ledger.books import in_words
from people import clock
from people.acting import MayNot, acting
from people.csv_files import NotReadable, text_of
from shop.operations.import_past_sales import (
    Looked,
    NotBegun,
    NothingNew,
    RowsRefused,
    import_past_sales,
    look_at_past_sales,
)
from shop.operations.undo_past_sales import NoSuchImport, undo_past_sales

ROLE: Final = "finance preparer"
ROWS_SHOWN: Final = 20


class Command(BaseCommand):
    help = "Look at sales of before the books began; with --apply keep them as settled history, all or none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", help="CSV: order, sold_on, design, units, currency, goods, …")
        parser.add_argument("--apply", action="store_true", help="import them; without it nothing is written")
        parser.add_argument("--by", default="", metavar="EMAIL", help=f"with --apply or --undo: the {ROLE} who does it")
        parser.add_argument("--report", type=Path, metavar="FILE", help="write every verdict there, as CSV")
        parser.add_argument("--undo", type=int, metavar="NUMBER", help="take this import out again")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["undo"] is not None:
                number = undo_past_sales(import_id=options["undo"], by=acting(options["by"], ROLE), now=clock.now())
                self.stdout.write(f"{number} sales of import {options['undo']} taken out.")
            else:
                self._import(options)
        except RowsRefused as refused:
            self._show(refused.looked, options["report"])
            raise CommandError(str(refused)) from None
        except (MayNot, NoSuchImport, NotBegun, NothingNew, NotReadable) as refusal:
            raise CommandError(str(refusal)) from None

    def _import(self, options: dict[str, Any]) -> None:
        content = _content(options["file"])
        looked = look_at_past_sales(content=content, progress=self._progress("rows read"))
        if looked.bad:
            raise RowsRefused(looked)
        self._show(looked, options["report"])
        if not options["apply"]:
            self.stdout.write("Nothing was written. Run it again with --apply --by EMAIL to import them.")
            return
        imported = import_past_sales(
            file_name=options["file"].name,
            content=content,
            by=acting(options["by"], ROLE),
            now=clock.now(),
            progress=self._progress("orders imported"),
        )
        self.stdout.write(f"Imported as import {imported.pk}. --undo {imported.pk} takes it out again.")

    def _show(self, looked: Looked, report: Path | None) -> None:
        for row in looked.bad[:ROWS_SHOWN]:
            self.stdout.write(f"REFUSED  line {row.number}, order {row.order or '?'}: {row.problem}")
        if len(looked.bad) > ROWS_SHOWN:
            self.stdout.write(f"... and {len(looked.bad) - ROWS_SHOWN} more; --report FILE writes them all.")
        for line in summary(looked):
            self.stdout.write(line)
        if report is not None:
            _write(report, looked)

    def _progress(self, words: str) -> Callable[[int], None]:
        def tell(number: int) -> None:
            if self.stderr.isatty():
                self.stderr.write(f"\r{number:,} {words}    ", ending="")
                self.stderr.flush()

        return tell


def summary(looked: Looked) -> list[str]:
    """How many orders are new, and what they come to by currency."""
    known = len(looked.verdicts) - len(looked.new)
    lines = [f"{len(looked.new)} orders are new, {known} known already, {len(looked.bad)} rows refused."]
    for currency in sorted({order.lines[0].currency for order in looked.new}):
        rows = [line for order in looked.new for line in order.lines if line.currency == currency]
        goods, shares = sum(line.goods_minor for line in rows), sum(line.share_minor for line in rows)
        units = sum(line.units for line in rows)
        lines.append(
            f"{currency}: {units} pieces for {in_words(goods, currency)},"
            f" {in_words(shares, currency)} of it settled with partners."
        )
    return lines


def _content(path: Path | None) -> bytes:
    if path is None:
        raise CommandError("Name the file to read.")
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from None


def _write(path: Path, looked: Looked) -> None:
    rows: list[tuple[str | int, ...]] = [(row.number, row.order, "refused", row.problem) for row in looked.bad]
    rows += [(line.number, one.order.number, one.word, "") for one in looked.verdicts for line in one.order.lines]
    try:
        path.write_text(text_of(("line", "order", "verdict", "problem"), sorted(rows)), encoding="utf-8", newline="")
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from None
