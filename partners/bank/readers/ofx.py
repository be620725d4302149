"""OFX and QFX bank statements, 1.x and 2.x, from our own tokens; as tolerant as banks are careless."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from partners.bank.readers import fields
from partners.bank.readers.ofx_tokens import tokens
from partners.bank.readers.reading import BadField, BadRow, NotReadable, Reading, Row
from partners.bank.readers.text import decoded

_STATEMENTS: Final = {"STMTRS", "CCSTMTRS"}
_DAY_LENGTH: Final = 8  # "20261031120000.000[-5:EST]": the bank's own day comes first
_CHARSETS: Final = {"1252": "cp1252", "UTF-8": "utf-8", "8859-1": "latin-1", "UNICODE": "utf-8"}


@dataclass(slots=True)
class _Statement:
    """One account's part of the file, as names and texts."""

    currency: str = ""
    account: str = ""
    first: str = ""
    last: str = ""
    balance: str = ""
    balance_on: str = ""
    entries: list[tuple[int, dict[str, str]]] = field(default_factory=list)


def read(content: bytes, text: str, *, currency: str, last4: str) -> Reading:
    """The statement of the account that ends in `last4`, or the only one. Raises NotReadable, naming line or field."""
    found = _statements(decoded(content, _charset(text)))
    if not found:
        raise NotReadable("The file holds no bank statement (<STMTRS>).")
    fitting = [one for one in found if last4 and one.account.endswith(last4)] or found
    if len({one.account for one in fitting}) > 1:
        ends = ", ".join(sorted({one.account[-4:] for one in fitting}))
        raise NotReadable(f"The file holds accounts ending in {ends}: give this account its last four figures first.")
    reading = Reading(format="ofx", account=fitting[0].account, currency=fitting[0].currency)
    for one in fitting:
        reading.rows += [_row(line, entry, currency) for line, entry in one.entries]
    _say_what_it_says(reading, fitting[-1] if len(fitting) == 1 else _Statement(), currency)
    return reading


def _charset(text: str) -> str:
    """What the header of a 1.x file says; 2.x is XML, where UTF-8 is tried first anyway."""
    head = text[:1_000].upper()
    place = head.find("CHARSET:")
    name = head[place + 8 : place + 24].split()[0:1] if place >= 0 else []
    return _CHARSETS.get(name[0], "") if name else ""


def _statements(text: str) -> list[_Statement]:
    """Every statement of the file. Aggregates are known by their names alone, so a missing end tag does no harm."""
    found: list[_Statement] = []
    entry: dict[str, str] | None = None
    inside = ""
    for token in tokens(text):
        name = token.name
        if token.kind == "close":
            if name == "STMTTRN":
                entry = None
            inside = "" if name in ("LEDGERBAL", "AVAILBAL", "BANKACCTFROM", "CCACCTFROM") else inside
        elif name in _STATEMENTS:
            found.append(_Statement())
        elif not found:
            continue
        elif name == "STMTTRN":
            entry, inside = {}, ""
            found[-1].entries.append((token.line, entry))
        elif name in ("LEDGERBAL", "AVAILBAL", "BANKACCTFROM", "CCACCTFROM", "BANKTRANLIST"):
            entry, inside = None, name
        elif entry is not None:
            entry.setdefault(name, token.text)
        else:
            _keep(found[-1], inside, name, token.text)
    return found


def _keep(statement: _Statement, inside: str, name: str, text: str) -> None:
    if name == "CURDEF":
        statement.currency = text
    elif name == "ACCTID" and inside in ("BANKACCTFROM", "CCACCTFROM"):
        statement.account = text
    elif name == "DTSTART":
        statement.first = text
    elif name == "DTEND":
        statement.last = text
    elif inside == "LEDGERBAL" and name == "BALAMT":
        statement.balance = text
    elif inside == "LEDGERBAL" and name == "DTASOF":
        statement.balance_on = text


def _row(line: int, entry: dict[str, str], currency: str) -> Row | BadRow:
    try:
        amount = _amount(entry.get("TRNAMT", ""), currency, "TRNAMT")
        if amount == 0:
            raise BadField("<TRNAMT> is zero.")
        return Row(
            number=line,
            booked_on=_day(entry.get("DTPOSTED", ""), "DTPOSTED"),
            description=fields.words(entry.get("NAME"), entry.get("MEMO")) or fields.words(entry.get("TRNTYPE")),
            amount_minor=amount,
            value_on=_day(entry["DTAVAIL"], "DTAVAIL") if entry.get("DTAVAIL") else None,
            bank_ref=fields.words(entry.get("FITID"), limit=255),
            reference=fields.words(entry.get("CHECKNUM") or entry.get("REFNUM"), limit=fields.REFERENCE_MAX),
        )
    except BadField as error:
        shown = " ".join(f"{name}={text}" for name, text in entry.items())
        return BadRow(line, fields.words(shown, limit=120), str(error))


def _say_what_it_says(reading: Reading, statement: _Statement, currency: str) -> None:
    """Its period, and its ledger balance where that is of the last day: an OFX file has no opening one."""
    try:
        reading.first_on = _day(statement.first, "DTSTART") if statement.first else None
        reading.last_on = _day(statement.last, "DTEND") if statement.last else None
        balance = _amount(statement.balance, currency, "BALAMT") if statement.balance else None
        balance_on = _day(statement.balance_on, "DTASOF") if statement.balance_on else reading.last_on
    except BadField as error:
        raise NotReadable(f"The file's own figures cannot be read: {error}") from error
    if reading.first_on and reading.last_on and reading.first_on > reading.last_on:
        raise NotReadable(f"The statement begins on {reading.first_on} and ends on {reading.last_on}.")
    latest = max((row.booked_on for row in reading.rows if isinstance(row, Row)), default=None)
    if balance_on is not None and (latest is None or latest <= balance_on):
        reading.closing_minor = balance


def _amount(text: str, currency: str, name: str) -> int:
    """Point or comma may stand for the decimals; thousands are not parted (OFX 3.2.9.1)."""
    try:
        return fields.amount_minor(text, currency, "," if "," in text and "." not in text else ".")
    except BadField as error:
        raise BadField(f"<{name}>: {error}") from error


def _day(text: str, name: str) -> date:
    try:
        return fields.day(text[:_DAY_LENGTH], "%Y%m%d")
    except BadField as error:
        raise BadField(f"<{name}>: {error}") from error
