"""CSV that people hand in or take away: unclear files are refused by name, and what is written runs nothing.

Encoding and separator are told by the file itself or it is refused; nothing is guessed (rules/reliability.md row 58).
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

SEPARATORS: Final = (",", ";", "\t")
CELL_MAX: Final = 2_000  # characters; more is a quote that never ends
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER: Final = re.compile(r"-[\d.,]+", re.ASCII)


class NotReadable(ValueError):
    """The file as a whole cannot be read; `str(error)` says why and what to do."""


@dataclass(frozen=True, slots=True)
class Record:
    """One row: the line of the file on which it ends, its cells by column, and why it is none where that is so."""

    number: int
    cells: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


def read(
    content: bytes, *, required: Sequence[str], optional: Sequence[str] = (), bytes_max: int, rows_max: int
) -> list[Record]:
    """Every row below the header, empty lines left out; columns may stand in any order and case.

    A row with more or fewer cells than the header, or with a cell that a spreadsheet would run as a formula, has a
    `problem` and is the caller's to show. Raises NotReadable for a file that is not this table.
    """
    if len(content) > bytes_max:
        raise NotReadable(f"The file has {len(content):,} bytes; at most {bytes_max:,} are read. Split it.")
    text = _text(content)
    heading, separator = _heading(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        next(reader)
        columns = _columns(heading, required, optional)
        records = list(_records(reader, columns, rows_max))
    except csv.Error as error:
        raise NotReadable(f"Line {reader.line_num} of the file is not CSV: {error}.") from error
    if not records:
        raise NotReadable("The file has no rows below its header.")
    return records


def _text(content: bytes) -> str:
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise NotReadable("The file is not text in UTF-8. Save it again as “CSV UTF-8”.") from error
    if "\0" in text:
        raise NotReadable("The file is not text. Save it again as “CSV UTF-8”.")
    return text


def _heading(text: str) -> tuple[list[str], str]:
    """The header's cells and what stands between them: the separator that makes the most cells of it."""
    lines = text.lstrip("\r\n").splitlines()
    if not lines or text[:1] in "\r\n":
        raise NotReadable("The first line must be the header with the names of the columns.")
    found = {separator: next(csv.reader([lines[0]], delimiter=separator)) for separator in SEPARATORS}
    separator = max(SEPARATORS, key=lambda one: len(found[one]))
    return [name.strip().lower() for name in found[separator]], separator


def _columns(heading: list[str], required: Sequence[str], optional: Sequence[str]) -> list[str]:
    wanted = f"It must have {', '.join(required)}"
    for name in required:
        if name not in heading:
            raise NotReadable(f"The file has no column “{name}”. {wanted}.")
    for name in heading:
        if heading.count(name) > 1:
            raise NotReadable(f"The file has the column “{name[:40]}” twice.")
        if name not in (*required, *optional):
            more = f", and may have {', '.join(optional)}" if optional else ""
            raise NotReadable(f"The file has a column “{name[:40]}” that is not expected. {wanted}{more}.")
    return heading


def _records(reader: Any, columns: list[str], rows_max: int) -> Iterator[Record]:
    count = 0
    for row in reader:
        if not any(cell.strip() for cell in row):
            continue
        count += 1
        if count > rows_max:
            raise NotReadable(f"The file has more than {rows_max:,} rows. Split it.")
        yield _record(reader.line_num, row, columns)


def _record(number: int, row: list[str], columns: list[str]) -> Record:
    if len(row) != len(columns):
        shown = dict(zip(columns, row, strict=False))
        return Record(number, shown, f"This row has {len(row)} cells, the header {len(columns)}.")
    cells = {name: " ".join(cell.split()) for name, cell in zip(columns, row, strict=True)}
    for name, raw in zip(columns, row, strict=True):
        if len(raw) > CELL_MAX:
            return Record(number, cells, f"{name} has more than {CELL_MAX:,} characters.")
        if raw.startswith(_FORMULA_STARTS) and not _NUMBER.fullmatch(raw):
            return Record(number, cells, f"{name} begins with {raw[0]!r}, which a spreadsheet would run as a formula.")
    return Record(number, cells)


def text_of(columns: Sequence[str], rows: Iterable[Sequence[str | int | Decimal]]) -> str:
    """A table as CSV. A text that a spreadsheet would run as a formula gets an apostrophe before it; numbers stay."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def _cell(value: str | int | Decimal) -> str | int | Decimal:
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value
