"""MT940, by the library `mt-940`; what it would pass over in silence is counted and refused."""

from __future__ import annotations

import decimal
import re
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import Any, Final

import mt940
from mt940.options import Options

from partners.bank.readers import fields
from partners.bank.readers.reading import BadField, BadRow, NotReadable, Reading, Row
from people.money import exponent

_BROKEN: Final = (ValueError, IndexError, KeyError, TypeError, AttributeError, RuntimeError, decimal.DecimalException)
_LINE: Final = re.compile(r"^:61:", re.MULTILINE)
_TAG: Final = re.compile(r"^:(\d\d[A-Z]?):", re.MULTILINE)
_STARTS: Final = re.compile(r"^:20:", re.MULTILINE)
_OPENING: Final = ("final_opening_balance", "intermediate_opening_balance")
_CLOSING: Final = ("final_closing_balance", "intermediate_closing_balance")


def read(content: bytes, text: str, *, currency: str, last4: str) -> Reading:
    """Every statement of the file of the account that ends in `last4`, or of the only one, in order.

    Raises NotReadable, naming line and field.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    messages = [(line, message) for line, message in _messages(text)]
    if not messages:
        raise NotReadable("The file holds no statement: there is no line that begins with :20:.")
    numbers = {_account(message) for _, message in messages}
    fitting = [one for one in messages if last4 and _account(one[1]).endswith(last4)] or messages
    if len({_account(message) for _, message in fitting}) > 1:
        ends = ", ".join(sorted(number[-4:] for number in numbers))
        raise NotReadable(f"The file holds accounts ending in {ends}: give this account its last four figures first.")
    reading = Reading(format="mt940", account=_account(fitting[0][1]))
    for line, message in fitting:
        _add(reading, line, message, currency)
    return reading


def _messages(text: str) -> Iterator[tuple[int, str]]:
    """Each statement from its :20: to the next, with the line on which it begins."""
    starts = [found.start() for found in _STARTS.finditer(text)]
    for start, end in pairwise([*starts, len(text)]):
        yield 1 + text.count("\n", 0, start), text[start:end].split("\n-}", maxsplit=1)[0]


def _account(message: str) -> str:
    """The number in :25:, without what stands around it: "BANKCODE/1234567890", an IBAN, a currency at its end."""
    found = re.search(r"^:25P?:(.*)$", message, re.MULTILINE)
    number = re.sub(r"[A-Z]{3}$", "", found[1].strip()) if found else ""
    return re.sub(r"\W", "", number.rpartition("/")[2])


def _add(reading: Reading, begins: int, message: str, currency: str) -> None:
    found = _parsed(begins, message)
    opening, closing = (_balance(found.data, names, begins, currency) for names in (_OPENING, _CLOSING))
    if reading.closing_minor is not None and opening[0] != reading.closing_minor:
        raise NotReadable(f"Line {begins}: this statement opens with another balance than the one before closed with.")
    if reading.opening_minor is None:
        reading.opening_minor, reading.first_on = opening
    reading.closing_minor, reading.last_on = closing
    lines = [begins + message.count("\n", 0, place.start()) for place in _LINE.finditer(message)]
    entries = [entry for entry in found.transactions if "amount" in entry.data]
    if len(entries) != len(lines):
        raise NotReadable(
            f"Line {begins}: of the {len(lines)} entries (:61:) of this statement {len(entries)} can be read."
        )
    reading.rows += [_row(line, entry.data, currency) for line, entry in zip(lines, entries, strict=True)]
    days = [row.booked_on for row in reading.rows if isinstance(row, Row)]
    if reading.first_on and days:
        reading.first_on = min(reading.first_on, *days)


def _parsed(begins: int, message: str) -> Any:
    known = mt940.models.Transactions(options=Options.all())
    try:
        known.parse(message)  # never mt940.parse: it opens a file whose name it is given
    except _BROKEN as error:
        tag = _first_broken(message)
        raise NotReadable(f"Line {begins + tag[0]}: field :{tag[1]}: cannot be read.") from error
    return known


def _first_broken(message: str) -> tuple[int, str]:
    """How many lines below the first, and which field: the first prefix that the library does not take ends there."""
    tags = list(_TAG.finditer(message))
    for number, tag in enumerate(tags):
        end = tags[number + 1].start() if number + 1 < len(tags) else len(message)
        try:
            mt940.models.Transactions(options=Options.all()).parse(message[tag.start() : end])
        except _BROKEN:
            return message.count("\n", 0, tag.start()), tag[1]
    return 0, "20"


def _balance(data: dict[str, Any], names: tuple[str, ...], begins: int, currency: str) -> tuple[int, date | None]:
    balance = next((data[name] for name in names if data.get(name) is not None), None)
    if balance is None:
        field = ":60F:" if names is _OPENING else ":62F:"
        raise NotReadable(f"Line {begins}: this statement has no {field} balance: it may not have arrived whole.")
    try:
        return _minor(balance.amount, currency), _plain_day(balance.date)
    except BadField as error:
        raise NotReadable(f"Line {begins}: a balance: {error}") from error


def _row(line: int, data: dict[str, Any], currency: str) -> Row | BadRow:
    said = fields.words(
        data.get("applicant_name"), data.get("purpose"), data.get("transaction_details"), data.get("extra_details")
    )
    try:
        amount, value_on = _minor(data["amount"], currency), _plain_day(data["date"])
        if amount == 0:
            raise BadField("The amount is zero.")
        return Row(
            number=line,
            booked_on=_plain_day(data.get("guessed_entry_date") or data.get("entry_date")) or value_on or date.min,
            description=said,
            amount_minor=amount,
            value_on=value_on,
            bank_ref=fields.words(data.get("bank_reference"), limit=255),
            reference=_reference(data),
        )
    except BadField as error:
        return BadRow(line, said[:120], str(error))


def _reference(data: dict[str, Any]) -> str:
    texts = (data.get("end_to_end_reference"), data.get("customer_reference"))
    return fields.words(*(text for text in texts if text not in ("NONREF", "NOTPROVIDED")), limit=fields.REFERENCE_MAX)


def _minor(amount: Any, currency: str) -> int:
    if amount.currency and amount.currency.lower() != currency:
        raise BadField(f"The amount is in {amount.currency}, this account is in {currency.upper()}.")
    minor = amount.amount.scaleb(exponent(currency))
    if not minor.is_finite() or minor != minor.to_integral_value() or abs(minor) >= 10**fields.DIGITS_MAX:
        raise BadField(f"“{amount.amount}” is no amount of {currency.upper()}.")
    return int(minor)


def _plain_day(found: Any) -> date | None:
    return date(found.year, found.month, found.day) if found is not None else None
