"""A bank's CSV read with the account's column profile: every row gets a verdict, nothing is guessed."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from partners.models import BankAccount
from people.money import exponent

BYTES_MAX = 1_000_000
ROWS_MAX = 5_000
GRACE = timedelta(days=1)  # the bank's day may have begun before ours
_AMOUNT = re.compile(r"(-?)\$?(\d{1,12}|\d{1,3}(?:,\d{3}){1,3})(\.\d+)?", re.ASCII)


class NotReadable(ValueError):
    """The file as a whole cannot be read; `str(error)` says why."""


class _BadCell(ValueError):
    """One cell cannot be read."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row that can be imported; `number` is its line in the file, amounts are negative when money left us."""

    number: int
    booked_on: date
    description: str
    amount_minor: int
    dedupe_key: str


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be read: what it says, and why not."""

    number: int
    text: str
    problem: str


def sha256(content: bytes) -> str:
    """The file's name for good: the same bytes are imported once."""
    return hashlib.sha256(content).hexdigest()


def read(account: BankAccount, content: bytes, today: date) -> list[Row | BadRow]:
    """Every row of the file, empty lines left out; a day later than the one after `today` (local) is bad.

    Raises NotReadable for what is not this bank's CSV at all.
    """
    if len(content) > BYTES_MAX:
        raise NotReadable("The file is larger than 1 MB. Export a shorter period.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotReadable("The file is not text in UTF-8. Export it as CSV again.") from error
    if "\0" in text:
        raise NotReadable("The file is not text. Export it as CSV again.")
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        for column in (account.date_column, account.description_column, account.amount_column):
            if column not in (reader.fieldnames or ()):
                raise NotReadable(f"The file has no column “{column}”. Is it a statement of {account.name}?")
        rows = list(_rows(account, reader, today))
    except csv.Error as error:
        raise NotReadable(f"Line {reader.line_num} of the file is not CSV.") from error
    if not rows:
        raise NotReadable("The file has no rows below its header.")
    return rows


def _rows(account: BankAccount, reader: csv.DictReader[str], today: date) -> Iterator[Row | BadRow]:
    """Identical rows of one file are told apart by the number of their occurrence (rules/ledger.md section 3)."""
    occurrences: Counter[tuple[date, int, str]] = Counter()
    for count, record in enumerate(reader, start=1):
        if count > ROWS_MAX:
            raise NotReadable(f"The file has more than {ROWS_MAX:,} rows. Export a shorter period.")
        try:
            booked_on, description, amount_minor = _cells(account, record)
            if booked_on > today + GRACE:
                raise _BadCell(f"{booked_on} has not come yet.")
        except _BadCell as error:
            shown = ", ".join(str(value) for value in record.values() if value)
            yield BadRow(reader.line_num, shown[:120], str(error))
            continue
        line = (booked_on, amount_minor, _normal(description))
        occurrences[line] += 1
        key = f"{booked_on.isoformat()}|{amount_minor}|{line[2]}|{occurrences[line]}"
        yield Row(reader.line_num, booked_on, description, amount_minor, hashlib.sha256(key.encode()).hexdigest())


def _cells(account: BankAccount, record: Mapping[str | None, object]) -> tuple[date, str, int]:
    if None in record or None in record.values():
        raise _BadCell("This row has more or fewer columns than the header.")
    cell = {name: str(value).strip() for name, value in record.items()}
    description = " ".join(cell[account.description_column].split())[:300]
    return _day(cell[account.date_column], account), description, _amount(cell[account.amount_column], account)


def _day(text: str, account: BankAccount) -> date:
    try:
        return datetime.strptime(text, account.date_format).date()  # noqa: DTZ007 - a bank's calendar day has no zone
    except ValueError as error:
        raise _BadCell(f"“{text[:40]}” is not a date such as {date(2026, 12, 31):{account.date_format}}.") from error


def _amount(text: str, account: BankAccount) -> int:
    """ "-1,250.50" or "(1,250.50)" -> -125050. Zero moves nothing and is refused."""
    typed = f"-{text[1:-1]}" if text.startswith("(") and text.endswith(")") else text
    found = _AMOUNT.fullmatch(typed)
    if found is None:
        raise _BadCell(f"“{text[:40]}” is not an amount such as -1,250.50.")
    sign, figures, decimals = found.groups()
    minor = Decimal(figures.replace(",", "") + (decimals or "")).scaleb(exponent(account.currency))
    if minor != minor.to_integral_value():
        raise _BadCell(f"“{text[:40]}” has more than {exponent(account.currency)} decimals.")
    if minor == 0:
        raise _BadCell("The amount is zero.")
    return int(minor) * (-1 if sign else 1)


def _normal(description: str) -> str:
    return description.upper()
