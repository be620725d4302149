"""`manage.py export_books`: hand sealed entries to an accounting program, each of them once."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from babel.numbers import list_currencies
from django.core.management.base import BaseCommand, CommandError

from ledger.exports.formats import Format
from ledger.models import LedgerExport
from ledger.operations.export_books import (
    DEFAULT_TAX_RATE,
    AlreadyExported,
    ExportDiffers,
    Exported,
    NotAsSealed,
    NotExportable,
    NothingToExport,
    export_books,
    repeat_export,
)
from ledger.operations.seal_entries import ContentMismatch
from people import clock
from people.queries import organisation

REFUSALS: Final = (AlreadyExported, ExportDiffers, NotAsSealed, NotExportable, NothingToExport, ContentMismatch)


class Command(BaseCommand):
    help = "Write sealed entries for an accounting program: what it has not had yet, and never anything twice."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--format", choices=[form.value for form in Format], help="the program that reads the files")
        what.add_argument("--again", type=int, metavar="EXPORT", help="make the files of this export again")
        parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where the files go")
        parser.add_argument("--currency", help="the currency (default: the organisation's)")
        parser.add_argument("--daily", action="store_true", help="one journal a day instead of one an entry")
        parser.add_argument("--tax-rate", default=DEFAULT_TAX_RATE, help="Xero's name for no tax (%(default)s)")
        parser.add_argument("--from", type=int, dest="from_seq", metavar="SEQ", help="after this entry; first export")
        parser.add_argument("--to", type=int, dest="to_seq", metavar="SEQ", help="up to this entry (default: the last)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = _export(**options)
        except REFUSALS as refusal:
            raise CommandError(str(refusal)) from refusal
        except LedgerExport.DoesNotExist as missing:
            raise CommandError(f"There is no export {options['again']}.") from missing
        row = done.export
        self.stdout.write(
            f"Export {row.pk}: {row.format}, {row.currency}, entries {row.from_seq + 1} to {row.to_seq}"
            f" ({row.entries} in this currency)."
        )
        for path in done.files:
            self.stdout.write(str(path))


def _export(**options: Any) -> Exported:
    if options["again"] is not None:
        return repeat_export(export_id=options["again"], folder=options["out"])
    return export_books(
        form=Format(options["format"]),
        currency=_currency(options["currency"]),
        folder=options["out"],
        actor="system",
        now=clock.now(),
        daily=options["daily"],
        tax_rate=options["tax_rate"],
        from_seq=options["from_seq"],
        to_seq=options["to_seq"],
    )


def _currency(given: str | None) -> str:
    currency = (given or organisation().currency).lower()
    if currency.upper() not in list_currencies():
        raise CommandError(f"{given} is not a currency code such as usd.")
    return currency
