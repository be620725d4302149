"""BAI2, by the library `bai2`, which also proves the file's own totals and counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Final

from bai2 import bai2
from bai2.constants import TypeCodeTransaction
from bai2.exceptions import IntegrityException, NotSupportedYetException, ParsingException

from partners.bank.readers import fields
from partners.bank.readers.reading import BadRow, NotReadable, Reading, Row

_OPENING, _CLOSING = "010", "015"
_CONTINUED: Final = "88"
_FOLLOWS: Final = {
    "01": ("",),
    "02": ("01", "98"),
    "03": ("02", "49"),
    "16": ("03", "16"),
    "49": ("03", "16"),
    "98": ("49",),
    "99": ("98",),
    _CONTINUED: (),
}
# What the library raises for a record that is cut short or holds other things than it should.
_BROKEN: Final = (ValueError, IndexError, KeyError, TypeError, AttributeError, StopIteration, RuntimeError)


class _Records:
    """The file's records in an order that can be read, counted as the library takes them, so that an error has a line.

    The order is looked at first, because the library would read the last record of a file without an end for ever.
    """

    def __init__(self, text: str) -> None:
        self.number = 0
        lines = ((number, raw.strip()) for number, raw in enumerate(text.splitlines(), start=1))
        self._lines = [(number, line) for number, line in lines if line]
        before = ""
        for number, line in self._lines:
            code = line[:2]
            if code not in _FOLLOWS or line[2:3] not in (",", "/", ""):
                raise NotReadable(f"Line {number} is no BAI2 record: “{fields.words(line, limit=40)}”.")
            if code != _CONTINUED and before not in _FOLLOWS[code]:
                raise NotReadable(f"Line {number}: a record {code} cannot stand behind {before or 'nothing'}.")
            before = before if code == _CONTINUED else code
        if before != "99":
            raise NotReadable("The file ends before its last record (99): it did not arrive whole.")

    def __iter__(self) -> Iterator[str]:
        for number, line in self._lines:
            self.number = number
            yield line


def read(content: bytes, text: str, *, currency: str, last4: str) -> Reading:
    """The account that ends in `last4`, or the only one, over all days of the file. Raises NotReadable."""
    found = _accounts(text)
    fitting = [one for one in found if last4 and _number(one[1]).endswith(last4)] or found
    numbers = sorted({_number(account) for _, account in fitting})
    if len(numbers) > 1:
        ends = ", ".join(number[-4:] for number in numbers)
        raise NotReadable(f"The file holds accounts ending in {ends}: give this account its last four figures first.")
    fitting.sort(key=lambda one: one[0].header.as_of_date)
    group, account = fitting[0]
    reading = Reading(
        format="bai2", account=numbers[0], currency=account.header.currency or group.header.currency or ""
    )
    reading.opening_minor, reading.closing_minor = _balance(account, _OPENING), _balance(fitting[-1][1], _CLOSING)
    reading.first_on, reading.last_on = group.header.as_of_date, fitting[-1][0].header.as_of_date
    for group, account in fitting:
        for transaction in account.children:
            reading.rows.append(_row(len(reading.rows) + 1, transaction, group.header.as_of_date))
    return reading


def _accounts(text: str) -> list[tuple[Any, Any]]:
    lines = _Records(text)
    try:
        file = bai2.parse_from_lines(iter(lines))
    except IntegrityException as error:
        raise NotReadable(f"The file does not add up. {_sentence(error)}") from error
    except (ParsingException, NotSupportedYetException) as error:
        raise NotReadable(f"Near line {lines.number}: {_sentence(error)}") from error
    except _BROKEN as error:
        raise NotReadable(f"Near line {lines.number} a record is cut short or cannot be read.") from error
    found = [(group, account) for group in file.children for account in group.children]
    if not found:
        raise NotReadable("The file holds no account.")
    if any(group.header.as_of_date is None for group, _ in found):
        raise NotReadable("A group (record 02) has no date.")
    return found


def _row(number: int, transaction: Any, booked_on: date) -> Row | BadRow:
    code, amount = transaction.type_code, transaction.amount
    said = fields.words(code.description, transaction.text)
    if code.transaction not in (TypeCodeTransaction.credit, TypeCodeTransaction.debit):
        return BadRow(number, said[:120], f"Transaction {number}: type code {code.code} is neither debit nor credit.")
    if not amount or amount < 0:
        return BadRow(number, said[:120], f"Transaction {number}: the amount is missing, zero or below.")
    available = transaction.availability or {}
    return Row(
        number=number,
        booked_on=booked_on,
        description=said,
        amount_minor=amount if code.transaction is TypeCodeTransaction.credit else -amount,
        value_on=available.get("date"),
        bank_ref=fields.words(transaction.bank_reference, limit=255).strip("0"),
        reference=fields.words(transaction.customer_reference, limit=fields.REFERENCE_MAX).lstrip(
            "0"
        ),  # of cheque 1000 the zeros at the end count
    )


def _balance(account: Any, code: str) -> int | None:
    items: Sequence[Any] = account.header.summary_items
    return next((item.amount for item in items if item.type_code is not None and item.type_code.code == code), None)


def _number(account: Any) -> str:
    return account.header.customer_account_number or ""


def _sentence(error: Exception) -> str:
    words = fields.words(str(error), limit=160)
    return f"{words[:1].upper()}{words[1:]}".rstrip(".") + "."
