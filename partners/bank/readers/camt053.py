"""CAMT.053, the XML of ISO 20022, in any of its versions: names count, namespaces do not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from partners.bank.readers import fields
from partners.bank.readers.reading import BadField, BadRow, NotReadable, Reading, Row

_OPENING: Final = ("OPBD", "PRCD")
_CLOSING: Final = ("CLBD",)
_BOOKED: Final = ("BOOK", "")


def read(content: bytes, text: str, *, currency: str, last4: str) -> Reading:
    """The booked entries of the account that ends in `last4`, or of the only one; several days follow one another.

    Raises NotReadable, naming the entry and the field.
    """
    statements = [one for one in _root(content).iter() if _name(one) == "Stmt"]
    if not statements:
        raise NotReadable("The file holds no statement (<Stmt>). A CAMT.052 or CAMT.054 is none: ask for CAMT.053.")
    accounts = {_account(one) for one in statements}
    fitting = [one for one in statements if last4 and _account(one).endswith(last4)] or statements
    if len({_account(one) for one in fitting}) > 1:
        ends = ", ".join(sorted(account[-4:] for account in accounts))
        raise NotReadable(f"The file holds accounts ending in {ends}: give this account its last four figures first.")
    reading = Reading(format="camt053", account=_account(fitting[0]), currency=_text(fitting[0], "Acct", "Ccy"))
    try:
        for statement in sorted(fitting, key=_opens_on):
            _add(reading, statement, currency)
    except BadField as error:
        raise NotReadable(f"The file's own figures cannot be read: {error}") from error
    return reading


def _root(content: bytes) -> Element:
    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except DefusedXmlException as error:
        raise NotReadable("The file declares a document type or entities. No bank does; it is not read.") from error
    except ParseError as error:
        line, column = error.position
        raise NotReadable(
            f"Line {line}, column {column + 1} is no XML: the file may not have arrived whole."
        ) from error
    except (ValueError, LookupError) as error:  # an encoding that nobody knows
        raise NotReadable("The file's encoding cannot be read.") from error
    return root


def _add(reading: Reading, statement: Element, currency: str) -> None:
    """One statement's rows behind those that are there; the balances must meet."""
    opening, closing = (_balance(statement, codes, currency) for codes in (_OPENING, _CLOSING))
    if reading.closing_minor is not None and opening is not None and opening != reading.closing_minor:
        raise NotReadable(
            "Two statements of the file do not meet: one closes with another balance than the next opens."
        )
    if reading.opening_minor is None and not reading.rows:
        reading.opening_minor = opening
    reading.closing_minor = closing
    first_on, last_on = (_date(_child(statement, "FrToDt"), name) for name in ("FrDtTm", "ToDtTm"))
    reading.first_on, reading.last_on = reading.first_on or first_on, last_on or reading.last_on
    for entry in _children(statement, "Ntry"):
        status = _text(entry, "Sts", "Cd") or _text(entry, "Sts")
        if status in _BOOKED:
            reading.rows.append(_row(len(reading.rows) + 1, entry, currency))


def _row(number: int, entry: Element, currency: str) -> Row | BadRow:
    try:
        amount = _signed(entry, currency)
        if amount == 0:
            raise BadField("<Amt> is zero.")
        booked_on = _date(_child(entry, "BookgDt"), "Dt", "DtTm")
        if booked_on is None:
            raise BadField("<BookgDt> is missing.")
        details = [one for one in entry.iter() if _name(one) == "TxDtls"]
        return Row(
            number=number,
            booked_on=booked_on,
            description=_description(entry, details),
            amount_minor=amount,
            value_on=_date(_child(entry, "ValDt"), "Dt", "DtTm"),
            bank_ref=fields.words(_text(entry, "AcctSvcrRef"), limit=255),
            reference=_reference(details),
        )
    except BadField as error:
        shown = " ".join(text.strip() for text in entry.itertext() if text.strip())
        return BadRow(number, fields.words(shown, limit=120), f"Entry {number}: {error}")


def _description(entry: Element, details: list[Element]) -> str:
    texts = [text for detail in details for text in _remittances(detail)]
    names = [one.text for detail in details for one in detail.iter() if _name(one) == "Nm"]
    return fields.words(*names, *texts, _text(entry, "AddtlNtryInf"))


def _remittances(detail: Element) -> Iterator[str | None]:
    for one in detail.iter():
        if _name(one) in ("Ustrd", "AddtlTxInf"):
            yield one.text
        elif _name(one) == "CdtrRefInf":
            yield _text(one, "Ref")


def _reference(details: list[Element]) -> str:
    """What the payer gave, of an entry that is one payment."""
    if len(details) != 1:
        return ""
    refs = _child(details[0], "Refs")
    texts = [_text(refs, name) for name in ("EndToEndId", "ChqNb", "TxId")] if refs is not None else []
    return fields.words(*(text for text in texts if text != "NOTPROVIDED"), limit=fields.REFERENCE_MAX)


def _signed(element: Element, currency: str) -> int:
    """<Amt Ccy> with the sign of <CdtDbtInd>; a reversal says the side on which it stands itself."""
    amount, side = _child(element, "Amt"), _text(element, "CdtDbtInd")
    if amount is None:
        raise BadField("<Amt> is missing.")
    if amount.get("Ccy", currency).lower() != currency:
        raise BadField(f"<Amt> is in {amount.get('Ccy')}, this account is in {currency.upper()}.")
    if side not in ("CRDT", "DBIT"):
        raise BadField(f"<CdtDbtInd> is “{side[:20]}”, neither CRDT nor DBIT.")
    minor = fields.amount_minor(amount.text or "", currency)
    return minor if side == "CRDT" else -minor


def _balance(statement: Element, codes: tuple[str, ...], currency: str) -> int | None:
    for balance in _children(statement, "Bal"):
        if _text(balance, "Tp", "CdOrPrtry", "Cd") in codes:
            return _signed(balance, currency)
    return None


def _opens_on(statement: Element) -> str:
    """ISO dates stand in their own order; one without a date stays where it is."""
    for balance in _children(statement, "Bal"):
        if _text(balance, "Tp", "CdOrPrtry", "Cd") in _OPENING:
            return _text(balance, "Dt", "Dt")
    return ""


def _account(statement: Element) -> str:
    return _text(statement, "Acct", "Id", "IBAN") or _text(statement, "Acct", "Id", "Othr", "Id")


def _date(element: Element | None, *names: str) -> date | None:
    text = next((found for name in names if element is not None and (found := _text(element, name))), "")
    return fields.day(text[:10], "%Y-%m-%d") if text else None


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _children(element: Element, name: str) -> Iterator[Element]:
    return (child for child in element if _name(child) == name)


def _child(element: Element, name: str) -> Element | None:
    return next(_children(element, name), None)


def _text(element: Element, *path: str) -> str:
    """The text at the end of a path of names, or nothing."""
    found: Element | None = element
    for name in path:
        found = _child(found, name) if found is not None else None
    return (found.text or "").strip() if found is not None else ""
