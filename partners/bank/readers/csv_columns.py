"""A bank's CSV read by saved column profiles: the first whose columns the file has. Nothing is guessed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from partners.bank.readers import fields
from partners.bank.readers.reading import BadField, BadRow, NotReadable, Reading, Row
from people.money import format_minor

DELIMITERS: Final = ",;\t|"
PREAMBLE_MAX: Final = 20  # lines that some banks put above the header
CELL_MAX: Final = 10_000
FORMS: Final = (
    "%Y-%m-%d",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%d.%m.%Y",
    "%Y/%m/%d",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y%m%d",
    "%d %b %Y",
)


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column holds what. Either `amount`, or `debit` and `credit`; without a `date_format` the file must leave
    no doubt."""

    booked_on: str = "Date"
    description: tuple[str, ...] = ("Description",)
    amount: str = "Amount"
    debit: str = ""
    credit: str = ""
    value_on: str = ""
    bank_ref: str = ""
    reference: str = ""
    balance: str = ""
    date_format: str = "%Y-%m-%d"
    decimal_mark: str = "."
    is_flipped: bool = False

    @property
    def needed(self) -> tuple[str, ...]:
        """Every column that the file must have."""
        amounts = (self.debit, self.credit) if self.debit else (self.amount,)
        optional = (self.value_on, self.bank_ref, self.reference, self.balance)
        return (self.booked_on, *self.description, *amounts, *(name for name in optional if name))


PLAIN: Final = Columns()


@dataclass(frozen=True, slots=True)
class _Table:
    columns: Columns
    header: list[str]
    delimiter: str
    skipped: int


def read(text: str, *, currency: str, columns: Sequence[Columns] = ()) -> Reading:
    """Every row of the file, empty lines left out, the oldest first. Raises NotReadable, naming column or line."""
    text = text.removeprefix("\ufeff")
    table = _table(text, columns or (PLAIN,))
    records = list(_records(text, table))
    if not records:
        raise NotReadable("The file has no rows below its header.")
    form = table.columns.date_format or _only_form([cells for _, cells in records], table)
    rows = [_row(number, cells, table, form, currency) for number, cells in records]
    reading = Reading(format="csv", rows=list(rows))
    _balances(reading, records, table, currency)
    return reading


def _table(text: str, profiles: Sequence[Columns]) -> _Table:
    lines = text[:200_000].splitlines()[:PREAMBLE_MAX]
    for columns in profiles:
        for skipped, line in enumerate(lines):
            for delimiter in DELIMITERS:
                header = _header(line, delimiter)
                if set(columns.needed) <= set(header):
                    _refuse_twice(header, columns)
                    return _Table(columns, header, delimiter, skipped)
    missing = _missing(lines, profiles[0])
    raise NotReadable(f"The file has no column “{missing}”. Is it a statement of this account?")


def _header(line: str, delimiter: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error:
        return []


def _refuse_twice(header: list[str], columns: Columns) -> None:
    for name in columns.needed:
        if header.count(name) > 1:
            raise NotReadable(f"The column “{name}” is there {header.count(name)} times: which one counts?")


def _missing(lines: list[str], columns: Columns) -> str:
    """The first column that the most likely header lacks."""
    headers = [_header(line, delimiter) for line in lines for delimiter in DELIMITERS] or [[]]
    best = max(headers, key=lambda header: len(set(columns.needed) & set(header)))
    return next(name for name in columns.needed if name not in best)


def _records(text: str, table: _Table) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line of the file on which each ends."""
    csv.field_size_limit(CELL_MAX)
    stream = io.StringIO(text, newline="")
    for _ in range(table.skipped):
        stream.readline()
    reader = csv.reader(stream, delimiter=table.delimiter, strict=True)
    try:
        next(reader)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield table.skipped + reader.line_num, cells
    except csv.Error as error:
        raise NotReadable(f"Line {table.skipped + reader.line_num} of the file is not CSV.") from error


def _only_form(records: list[list[str]], table: _Table) -> str:
    """The only form in which every date of the file can be read. Raises NotReadable where there is another."""
    place = table.header.index(table.columns.booked_on)
    days = {cells[place].strip() for cells in records if len(cells) == len(table.header)}
    forms = [form for form in FORMS if all(_is_day(day, form) for day in days)]
    readings = {tuple(fields.day(day, form) for day in sorted(days)) for form in forms}
    if len(readings) == 1:
        return forms[0]
    example = sorted(days)[0][:40] if days else ""
    if not forms:
        raise NotReadable(f"The dates, such as “{example}”, are in no form that we know: save it in the columns.")
    raise NotReadable(f"Dates such as “{example}” could be read in two ways: say in the columns which form they have.")


def _is_day(text: str, form: str) -> bool:
    try:
        fields.day(text, form)
    except BadField:
        return False
    return True


def _row(number: int, cells: list[str], table: _Table, form: str, currency: str) -> Row | BadRow:
    try:
        return _read_row(number, cells, table, form, currency)
    except BadField as error:
        shown = ", ".join(cell.strip() for cell in cells if cell.strip())
        return BadRow(number, fields.words(shown, limit=120), str(error))


def _read_row(number: int, cells: list[str], table: _Table, form: str, currency: str) -> Row:
    if len(cells) != len(table.header):
        raise BadField(f"This row has {len(cells)} columns, the header {len(table.header)}.")
    cell = dict(zip(table.header, (text.strip() for text in cells), strict=True))
    columns = table.columns
    amount = _amount(cell, columns, currency)
    if amount == 0:
        raise BadField("The amount is zero.")
    return Row(
        number=number,
        booked_on=fields.day(cell[columns.booked_on], form),
        description=fields.words(*(cell[name] for name in columns.description)),
        amount_minor=-amount if columns.is_flipped else amount,
        value_on=_value_day(cell, columns, form),
        bank_ref=fields.words(cell.get(columns.bank_ref), limit=fields.REFERENCE_MAX),
        reference=fields.words(cell.get(columns.reference), limit=fields.REFERENCE_MAX),
    )


def _amount(cell: dict[str, str], columns: Columns, currency: str) -> int:
    """From one column, or from the one of two that is filled: what stands under debit left us, with or without a
    sign."""
    if not columns.debit:
        return fields.amount_minor(cell[columns.amount], currency, columns.decimal_mark)
    debit, credit = (
        fields.amount_minor(cell[name], currency, columns.decimal_mark) if cell[name] else 0
        for name in (columns.debit, columns.credit)
    )
    if debit and credit:
        raise BadField(f"Both “{columns.debit}” and “{columns.credit}” have an amount.")
    if credit < 0:
        raise BadField(f"“{columns.credit}” is below zero.")
    return credit - abs(debit)


def _value_day(cell: dict[str, str], columns: Columns, form: str) -> date | None:
    text = cell.get(columns.value_on, "") if columns.value_on else ""
    return fields.day(text, form) if text else None


def _balances(reading: Reading, records: list[tuple[int, list[str]]], table: _Table, currency: str) -> None:
    """Opening and closing from a column with the balance after each row, in whichever order the rows stand.

    Raises NotReadable at the first row whose balance does not follow from its neighbour's.
    """
    if not table.columns.balance or any(isinstance(row, BadRow) for row in reading.rows):
        return
    place = table.header.index(table.columns.balance)
    rows = [row for row in reading.rows if isinstance(row, Row)]
    after = []
    for number, cells in records:
        try:
            after.append(fields.amount_minor(cells[place], currency, table.columns.decimal_mark))
        except BadField as error:
            raise NotReadable(f"Line {number}, column “{table.columns.balance}”: {error}") from error
    if _first_break(rows, after) is not None and _first_break(rows[::-1], after[::-1]) is None:
        rows, after = rows[::-1], after[::-1]
        reading.rows = list(rows)
    broken = _first_break(rows, after)
    if broken is not None:
        told = format_minor(after[broken], currency)
        raise NotReadable(
            f"Line {rows[broken].number}: the balance {told} does not follow from the one before: a row may be missing."
        )
    reading.opening_minor, reading.closing_minor = after[0] - rows[0].amount_minor, after[-1]


def _first_break(rows: list[Row], after: list[int]) -> int | None:
    return next((n for n in range(1, len(rows)) if after[n - 1] + rows[n].amount_minor != after[n]), None)
