"""A bank's file in any of the formats that we read: chosen, or recognised."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from partners.bank.readers import bai2_file, camt053, csv_columns, mt940_file, ofx
from partners.bank.readers.reading import BadField, BadRow, NotReadable, Reading, Row
from partners.bank.readers.recognise import BAI2, CAMT053, CSV, MT940, NAMES, OFX, format_of, other_kind
from partners.bank.readers.text import BYTES_MAX, LINES_MAX, decoded, refuse_too_large
from people.money import format_minor

__all__ = [
    "BYTES_MAX",
    "LINES_MAX",
    "NAMES",
    "BadField",
    "BadRow",
    "NotReadable",
    "Reading",
    "Row",
    "check_sum",
    "read",
]

GRACE: Final = timedelta(days=1)  # the bank's day may have begun before ours
_READERS: Final = {OFX: ofx.read, CAMT053: camt053.read, BAI2: bai2_file.read, MT940: mt940_file.read}


def read(
    content: bytes,
    *,
    currency: str,
    last4: str = "",
    columns: Sequence[csv_columns.Columns] = (),
    chosen: str = "",
    today: date,
) -> Reading:
    """Read a file of the account that is kept in `currency` and ends in `last4`; `columns` are its CSV profiles.

    `chosen` is a format, or empty for whatever the file is. A row dated later than the day after `today` (local) is a
    BadRow. Raises NotReadable: then there is nothing to import, and its words say why and where.
    """
    refuse_too_large(content)
    kind = other_kind(content)
    if kind:
        raise NotReadable(f"This file is {kind}. Export the statement as {', '.join(NAMES.values())}.")
    text = decoded(content)
    found = format_of(text)
    if found is None:
        raise NotReadable(f"This file is no bank statement that we can read: {', '.join(NAMES.values())}.")
    if chosen and chosen != found:
        raise NotReadable(f"You chose {NAMES[chosen]}, but this file looks like {NAMES[found]}. Choose that, or none.")
    if found == CSV:
        reading = csv_columns.read(text, currency=currency, columns=columns)
    else:
        reading = _READERS[found](content, text, currency=currency, last4=last4)
    _refuse_another_account(reading, currency, last4)
    if not reading.rows and reading.closing_minor is None:
        raise NotReadable("The file has no lines.")
    reading.rows = [_refuse_future(row, today) for row in reading.rows]
    check_sum(reading, currency)
    return reading


def _refuse_another_account(reading: Reading, currency: str, last4: str) -> None:
    if reading.currency and reading.currency.lower() != currency:
        raise NotReadable(f"The statement is in {reading.currency.upper()}, this account in {currency.upper()}.")
    if last4 and reading.account and not reading.account.endswith(last4):
        raise NotReadable(f"The statement is of an account ending in {reading.account[-4:]}, this one ends in {last4}.")


def _refuse_future(row: Row | BadRow, today: date) -> Row | BadRow:
    if isinstance(row, Row) and row.booked_on > today + GRACE:
        return BadRow(row.number, row.description[:120], f"{row.booked_on} has not come yet.")
    return row


def check_sum(reading: Reading, currency: str) -> None:
    """Opening + lines = closing, where both are said and every line can be read. Raises NotReadable."""
    if reading.opening_minor is None or reading.closing_minor is None:
        return
    if any(isinstance(row, BadRow) for row in reading.rows):
        return
    lines = sum(row.amount_minor for row in reading.rows if isinstance(row, Row))
    if reading.opening_minor + lines != reading.closing_minor:
        opening, moved, closing = (
            format_minor(amount, currency) for amount in (reading.opening_minor, lines, reading.closing_minor)
        )
        raise NotReadable(
            f"The file does not add up: it opens with {opening}, its lines come to {moved}, it closes with {closing}."
        )
