"""A range of the sequence lies in files for an accounting program, and is never written for it again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from django.db import IntegrityError, transaction

from ledger.chain import GENESIS, Broken, Link, followed
from ledger.contents import stream
from ledger.exports.formats import WRITERS, Format, Setting, pieces
from ledger.exports.journals import SealedEntry, by_day, by_entry, unseal
from ledger.models import LedgerExport, Seal
from ledger.operations.seal_entries import seal_all

DEFAULT_TAX_RATE: Final = "Tax Exempt"
TAX_RATE_MAX: Final = 60
_RANGE: Final = "SELECT seq, prev_hash, hash, canonical FROM ledger_seal WHERE seq > %s AND seq <= %s ORDER BY seq"
_UNIQUE: Final = "23505"


class AlreadyExported(Exception):
    """Some of the range was written for this program before."""


class NotExportable(ValueError):
    """A range that leaves a gap, ends before it begins, or goes beyond what is sealed; a tax rate without a name."""


class NothingToExport(Exception):
    """No entry of the currency lies in the range."""


class NotAsSealed(Exception):
    """The chain of seals does not hold in the range: its bytes are not to be trusted, and nothing was written."""


class ExportDiffers(Exception):
    """The files made again are not those that were made first."""


@dataclass(frozen=True, slots=True)
class Exported:
    """An export and its files, in the order in which they are to be read."""

    export: LedgerExport
    files: list[Path]


def export_books(
    *,
    form: Format,
    currency: str,
    folder: Path,
    actor: str,
    now: datetime,
    daily: bool = False,
    tax_rate: str = DEFAULT_TAX_RATE,
    from_seq: int | None = None,
    to_seq: int | None = None,
) -> Exported:
    """Write the sealed entries after `from_seq` up to `to_seq` into `folder`, and remember it (rules/ledger.md 8).

    By default from where the last export of this format and currency ended, to everything that is committed now. The
    first one may begin anywhere; `daily` makes one journal a day. Other currencies have exports of their own. Not
    inside a transaction. The row is committed before the files get their names: what is lost then, `repeat_export`
    makes again. Raises AlreadyExported, NotExportable, NothingToExport, NotAsSealed, ContentMismatch; then there is
    neither row nor file.
    """
    if form is Format.XERO and not 0 < len(tax_rate.strip()) <= TAX_RATE_MAX:
        raise NotExportable(f"The name of a tax rate has 1 to {TAX_RATE_MAX} characters.")
    # 1. Everything that is committed has its number.
    head = seal_all()
    # 2. The range goes on where the last one ended.
    previous = LedgerExport.objects.filter(format=form, currency=currency).order_by("-to_seq").first()
    row = LedgerExport(
        format=form,
        currency=currency,
        daily=daily,
        tax_rate=tax_rate if form is Format.XERO else "",
        previous=previous,
        from_seq=_begin(previous, from_seq),
        to_seq=head if to_seq is None else to_seq,
        actor=actor,
        exported_at=now,
    )
    _refuse_range(row, head)
    # 3. The files, not yet under their names; then the row; then the names.
    return _write(row, folder, _remember)


def repeat_export(*, export_id: int, folder: Path) -> Exported:
    """Make the files of an export again, byte for byte. Raises ExportDiffers when they would be others, NotAsSealed."""
    return _write(LedgerExport.objects.get(pk=export_id), folder, _compare)


def _begin(previous: LedgerExport | None, from_seq: int | None) -> int:
    end = previous.to_seq if previous else 0
    if from_seq is None or from_seq == end:
        return end
    if previous and from_seq < end:
        raise AlreadyExported(
            f"Entries up to {end} went to {previous.format} ({previous.currency}) before, so not again from"
            f" {from_seq + 1}. The files of export {previous.pk} can be made again."
        )
    if previous or from_seq < 0:
        raise NotExportable(f"An export begins after {end}, where the one before it ended, not after {from_seq}.")
    return from_seq


def _refuse_range(row: LedgerExport, head: int) -> None:
    if row.to_seq > head:
        raise NotExportable(f"The sequence ends at {head}; there is no entry {row.to_seq} yet.")
    if row.to_seq == head == row.from_seq:
        raise NothingToExport(f"Everything up to {head} was exported before.")
    if row.to_seq <= row.from_seq:
        raise NotExportable(f"An export after {row.from_seq} cannot end at {row.to_seq}.")


def _write(row: LedgerExport, folder: Path, settle: Callable[[LedgerExport, int, str], None]) -> Exported:
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix=".export-") as hidden:
        counted = _Counted(row)
        digest = sha256()
        paths = []
        for name, text in _texts(row, counted):
            path = Path(hidden, name)
            with path.open("wb") as file:
                for part in text:
                    digest.update(part)
                    file.write(part)
            paths.append(path)
        settle(row, counted.entries, digest.hexdigest())
        return Exported(row, [path.replace(folder / path.name) for path in paths])


def _texts(row: LedgerExport, entries: Iterable[SealedEntry]) -> Iterator[tuple[str, Iterator[bytes]]]:
    """The name of each file with its bytes in pieces, which have to be read before the next."""
    writer = WRITERS[Format(row.format)]
    setting = Setting(row.currency, row.tax_rate)
    journals = by_day(entries) if row.daily else by_entry(entries)
    stem = f"tassel-{row.format}-{row.currency}-{row.from_seq + 1:06}-{row.to_seq:06}"
    for number, parts in groupby(pieces(journals, writer, setting), key=itemgetter(0)):
        part = "" if writer.lines_max is None else f"-{number}"
        yield f"{stem}{part}.{writer.ending}", (text.encode() for _, text in parts)


class _Counted:
    """The sealed entries of an export, streaming, each checked against the chain; `entries` counts what has passed."""

    def __init__(self, row: LedgerExport) -> None:
        self.row = row
        self.entries = 0

    def __iter__(self) -> Iterator[SealedEntry]:
        begin = Seal.objects.filter(seq=self.row.from_seq).values_list("hash", flat=True).first()
        links = (
            Link(seq, *map(bytes, hashes_and_bytes))
            for seq, *hashes_and_bytes in stream(_RANGE, [self.row.from_seq, self.row.to_seq])
        )
        try:
            for each in followed(links, seq=self.row.from_seq, head=bytes(begin or GENESIS)):
                entry = unseal(each.seq, each.canonical)
                if entry.currency == self.row.currency:
                    self.entries += 1
                    yield entry
        except Broken as broken:
            raise NotAsSealed(f"Nothing was exported: {broken}. Run manage.py verify_chain.") from broken


def _remember(row: LedgerExport, entries: int, digest: str) -> None:
    if not entries:
        raise NothingToExport(f"No entry in {row.currency} lies between {row.from_seq + 1} and {row.to_seq}.")
    row.entries, row.sha256 = entries, digest
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        if getattr(error.__cause__, "sqlstate", "") != _UNIQUE:
            raise
        raise AlreadyExported(
            f"Entries after {row.from_seq} were exported to {row.format} ({row.currency}) at this moment."
        ) from error


def _compare(row: LedgerExport, entries: int, digest: str) -> None:
    if (row.entries, row.sha256) != (entries, digest):
        raise ExportDiffers(
            f"The files of export {row.pk} would be others than those of {row.exported_at:%Y-%m-%d}:"
            f" run scripts/books, or make them with the version of Tassel that made them first."
        )
