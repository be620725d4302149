"""Another system's orders as CSV, a row for each line: every row gets a verdict, nothing is guessed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from ledger.owners import owners_of
from people.csv_files import Record, read
from people.money import NotAnAmount, is_currency, parse_figure

BYTES_MAX: Final = 60_000_000
ROWS_MAX: Final = 200_000
UNITS_MAX: Final = 100_000
REQUIRED: Final = ("order", "sold_on", "design", "units", "currency", "goods")
OPTIONAL: Final = ("email", "name", "sku", "partner", "share", "note")
LENGTHS: Final[Mapping[str, int]] = {"order": 60, "design": 120, "sku": 40, "name": 200, "email": 254}
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
OF_ORDER: Final = ("sold_on", "email", "name", "currency")


class _BadCell(ValueError):
    """One cell cannot be read."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row that can be imported; `partner` is the owner as accounts have it ("partner:7"), empty without a share."""

    number: int
    order: str
    sold_on: date
    email: str
    name: str
    currency: str
    sku: str
    design: str
    units: int
    goods_minor: int
    partner: str
    share_minor: int


@dataclass(slots=True)
class PastOrder:
    """The rows of one order, and what makes it the same order when it comes again."""

    number: str
    lines: list[Line] = field(default_factory=list)

    @property
    def content_hash(self) -> str:
        said = [
            (line.sold_on.isoformat(), line.email.lower(), line.currency, line.sku, line.design, line.units,
             line.goods_minor, line.partner, line.share_minor)
            for line in self.lines
        ]  # fmt: skip
        return hashlib.sha256(repr([self.number, said]).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be imported: its line in the file, its order, and why."""

    number: int
    order: str
    problem: str


@dataclass(frozen=True, slots=True)
class Read:
    """What a file holds: whole orders, and the rows that keep it out."""

    orders: tuple[PastOrder, ...]
    bad: tuple[BadRow, ...]


def read_past_sales(content: bytes, *, before: date, progress: Callable[[int], None] = lambda _number: None) -> Read:
    """Every order of the file, all sold before the local day `before`. Writes nothing. Raises NotReadable."""
    records = read(content, required=REQUIRED, optional=OPTIONAL, bytes_max=BYTES_MAX, rows_max=ROWS_MAX)
    partners = owners_of({record.cells.get("partner", "") for record in records} - {""})
    orders: dict[str, PastOrder] = {}
    bad = []
    for count, record in enumerate(records, start=1):
        try:
            line = _line(record, partners, before)
            order = orders.setdefault(line.order, PastOrder(line.order))
            _refuse_other_order(line, order.lines)
            order.lines.append(line)
        except _BadCell as error:
            bad.append(BadRow(record.number, record.cells.get("order", "")[:60], str(error)))
        if count % 1_000 == 0:
            progress(count)
    return Read(tuple(orders.values()), tuple(bad))


def _line(record: Record, partners: Mapping[str, str], before: date) -> Line:
    if record.problem:
        raise _BadCell(record.problem)
    cells = {name: record.cells.get(name, "") for name in (*REQUIRED, *OPTIONAL)}
    for name, most in LENGTHS.items():
        if len(cells[name]) > most:
            raise _BadCell(f"{name} has more than {most} characters.")
    for name in ("order", "design"):
        if not cells[name]:
            raise _BadCell(f"{name} is empty.")
    currency = cells["currency"].lower()
    if not is_currency(currency):
        raise _BadCell(f"currency: “{cells['currency'][:20]}” is not a currency code such as USD.")
    goods_minor = _amount("goods", cells["goods"], currency)
    partner, share_minor = _share(cells, partners, currency, goods_minor)
    return Line(
        number=record.number,
        order=cells["order"],
        sold_on=_day(cells["sold_on"], before),
        email=_address(cells["email"]),
        name=cells["name"],
        currency=currency,
        sku=cells["sku"],
        design=cells["design"],
        units=_units(cells["units"]),
        goods_minor=goods_minor,
        partner=partner,
        share_minor=share_minor,
    )


def _refuse_other_order(line: Line, earlier: Iterable[Line]) -> None:
    """Rows of one order tell one day, buyer and currency."""
    for other in list(earlier)[:1]:
        for name in OF_ORDER:
            if getattr(line, name) != getattr(other, name):
                raise _BadCell(f"{name} is not that of the same order's row on line {other.number}.")


def _day(text: str, before: date) -> date:
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        raise _BadCell(f"sold_on: “{text[:20]}” is not a day such as 2026-12-31.")
    if day >= before:
        raise _BadCell(f"sold_on: the books begin on {before.isoformat()}; a sale of {day.isoformat()} is no past one.")
    return day


def _address(text: str) -> str:
    if text:
        try:
            validate_email(text)
        except ValidationError as error:
            raise _BadCell(f"email: “{text[:60]}” is not an e-mail address.") from error
    return text


def _units(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 6 and 0 < int(text) <= UNITS_MAX):
        raise _BadCell(f"units: “{text[:20]}” is not a number of pieces from 1 to {UNITS_MAX:,}.")
    return int(text)


def _amount(name: str, text: str, currency: str) -> int:
    if text.startswith("-"):
        raise _BadCell(f"{name}: an amount is not below zero. Leave out what was given back in full.")
    try:
        return parse_figure(text, currency)
    except NotAnAmount as error:
        raise _BadCell(f"{name}: {error}") from error


def _share(cells: Mapping[str, str], partners: Mapping[str, str], currency: str, goods_minor: int) -> tuple[str, int]:
    if not cells["partner"] and not cells["share"]:
        return "", 0
    if not cells["partner"] or not cells["share"]:
        raise _BadCell("partner and share belong together: both or neither.")
    if not cells["partner"].startswith("partner:") or cells["partner"] not in partners:
        raise _BadCell(f"partner: nobody here is “{cells['partner'][:80]}”; write such as partner:dahlias-hope.")
    share_minor = _amount("share", cells["share"], currency)
    if not 0 < share_minor <= goods_minor:
        raise _BadCell("share: it is above zero and not more than the goods.")
    return partners[cells["partner"]], share_minor
