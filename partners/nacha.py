"""A NACHA file of credits to organisations (CCD): records 1, 5, 6, 8, 9 of 94 characters, in blocks of ten.

Pure: what is written depends on nothing but what is given. Rules: rules/ledger.md section 6 "ACH file".
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

WIDTH: Final = 94
BLOCK: Final = 10
CREDITS: Final = "220"
CODES: Final = {"checking": ("22", "23"), "savings": ("32", "33")}  # payment, prenote


class TooLong(ValueError):
    """A number does not fit its field: the file would be wrong and is not written."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One credit, or with amount 0 a prenote."""

    routing: str = field(repr=False)
    account: str = field(repr=False)
    kind: str
    amount_minor: int
    reference: str
    name: str
    sequence: int


@dataclass(frozen=True, kw_only=True)
class Header:
    """Who sends it, as agreed with our bank."""

    bank_routing: str
    bank_name: str
    origin: str
    origin_name: str
    company_id: str
    company_name: str


def nacha_file(header: Header, lines: Sequence[Line], *, made_at: datetime, modifier: str, effective_on: date) -> bytes:
    """The whole file with one batch. `made_at` is local time. Raises TooLong."""
    odfi = header.bank_routing[:8]
    records = [
        "1" + "01" + f" {header.bank_routing}" + _text(header.origin, 10) + made_at.strftime("%y%m%d%H%M") + modifier
        + "094" + "10" + "1" + _text(header.bank_name, 23) + _text(header.origin_name, 23) + " " * 8,
        "5" + CREDITS + _text(header.company_name, 16) + " " * 20 + _text(header.company_id, 10) + "CCD"
        + _text("PAYOUT", 10) + made_at.strftime("%y%m%d") + effective_on.strftime("%y%m%d") + " " * 3 + "1" + odfi
        + _digits(1, 7),
        *[_entry(line, odfi) for line in lines],
    ]  # fmt: skip
    entry_hash = sum(int(line.routing[:8]) for line in lines) % 10**10
    total = sum(line.amount_minor for line in lines)
    sums = _digits(entry_hash, 10) + _digits(0, 12) + _digits(total, 12)
    records.append(
        "8" + CREDITS + _digits(len(lines), 6) + sums + _text(header.company_id, 10) + " " * 25 + odfi + _digits(1, 7)
    )
    blocks = -(-(len(records) + 1) // BLOCK)
    records.append("9" + _digits(1, 6) + _digits(blocks, 6) + _digits(len(lines), 8) + sums + " " * 39)
    records += ["9" * WIDTH] * (blocks * BLOCK - len(records))
    assert all(len(record) == WIDTH for record in records), "every record has 94 characters"
    return "".join(f"{record}\r\n" for record in records).encode("ascii")


def trace_number(bank_routing: str, sequence: int) -> str:
    """15 digits: our bank, then the number of the line."""
    return bank_routing[:8] + _digits(sequence, 7)


def _entry(line: Line, odfi: str) -> str:
    code = CODES[line.kind][line.amount_minor == 0]
    return (
        "6" + code + line.routing + _text(line.account, 17) + _digits(line.amount_minor, 10)
        + _text(line.reference, 15) + _text(line.name, 22) + "  " + "0" + trace_number(odfi, line.sequence)
    )  # fmt: skip


def _digits(number: int, width: int) -> str:
    if number < 0 or number >= 10**width:
        raise TooLong(f"{number} has no place in {width} digits")
    return f"{number:0{width}}"


def _text(words: str, width: int) -> str:
    """Upper case ASCII, cut and filled: what a bank's reader takes."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().upper()
    return "".join(letter if letter.isprintable() else " " for letter in plain)[:width].ljust(width)
