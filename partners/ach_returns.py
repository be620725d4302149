"""What a bank's file of ACH returns says: entries that came back (addenda 99) and notifications of change (addenda 98).

Pure: bytes in, rows out, or one sentence about why the file cannot be read. Its own sums are checked, so that half a
file is no file. Corrected numbers are cut to their last four digits here; nothing else of them is passed on.
Rules: rules/ledger.md section 6 "ACH file"; the records are those of `partners.nacha`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from partners.nacha import WIDTH

LARGEST: Final = 2_000_000  # bytes: about twenty thousand returns, more than a bank sends at once
RETURN, CHANGE = "99", "98"
_CODES: Final = {RETURN: re.compile(r"R[0-9]{2}", re.ASCII), CHANGE: re.compile(r"C[0-9]{2}", re.ASCII)}
_DIGITS: Final = re.compile(r"[0-9]+", re.ASCII)
# Where the corrected data of a change hold an account number.
_ACCOUNT_AT: Final = {"C01": slice(0, 17), "C03": slice(12, 29), "C06": slice(0, 17), "C07": slice(9, 26)}


class NotReadable(ValueError):
    """No file of ACH returns; `str(error)` says in which line and why."""


@dataclass(frozen=True, kw_only=True)
class Returned:
    """One entry: `line` of the file, our `trace` of 15 digits, `code` (R03 or C01), what came back in minor units.

    `last4` are the last characters of a corrected account number, empty where the code tells of none.
    """

    line: int
    trace: str
    code: str
    amount_minor: int
    last4: str


def read_returns(content: bytes) -> list[Returned]:
    """All entries, in the order of the file. Raises NotReadable."""
    records = _records(content)
    if not records or records[0][0] != "1":
        raise NotReadable("Line 1: this is no NACHA file, which begins with a file header (1).")
    end = next((number for number, record in enumerate(records) if record[0] == "9"), None)
    if end is None:
        raise NotReadable(f"Line {len(records)}: the file ends in the middle: its last record (9) is missing.")
    for number, record in enumerate(records[end + 1 :], start=end + 2):
        if record != "9" * WIDTH:
            raise NotReadable(f"Line {number}: nothing but filling may follow the file's end.")
    return list(_entries(records[: end + 1]))


def _records(content: bytes) -> list[str]:
    """Records of 94 characters, also where the bank writes no line ends; filled with spaces where it cut them."""
    if len(content) > LARGEST:
        raise NotReadable("The file is larger than 2 MB: it cannot be a bank's file of returns.")
    try:
        text = content.decode("ascii")
    except UnicodeDecodeError as error:
        raise NotReadable("The file holds characters that a NACHA file cannot have: it is no ACH file.") from error
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) == 1 and len(text) % WIDTH == 0:
        lines = [text[start : start + WIDTH] for start in range(0, len(text), WIDTH)]
    while lines and not lines[-1].strip("\x1a "):
        lines.pop()
    for number, line in enumerate(lines, start=1):
        if len(line) > WIDTH or not line.strip():
            raise NotReadable(f"Line {number}: a record has {WIDTH} characters, this one {len(line)}.")
    return [line.ljust(WIDTH) for line in lines]


def _entries(records: Sequence[str]) -> Iterator[Returned]:
    """Walk through 1, (5, (6, 7)…, 8)…, 9, checking the counts and sums that 8 and 9 state."""
    file, batch = _Sums(), None
    batches = 0
    entry: str | None = None
    for number, record in enumerate(records, start=1):
        kind = record[0]
        if entry is not None and kind != "7":
            raise NotReadable(f"Line {number}: an entry without its addenda, which would say why it came back.")
        if kind == "5" and batch is None:
            batch = _Sums()
            batches += 1
        elif kind == "6" and batch is not None:
            entry = record
            batch.add_entry(record, number)
        elif kind == "7" and batch is not None and entry is not None:
            batch.lines += 1
            yield _returned(entry, record, number)
            entry = None
        elif kind == "8" and batch is not None:
            batch.compare(_stated(record, number, (4, 10), (10, 20), (20, 32), (32, 44)), number, "batch")
            file.add(batch)
            batch = None
        elif kind == "9" and batch is None:
            stated = _stated(record, number, (13, 21), (21, 31), (31, 43), (43, 55))
            file.compare(stated, number, "file")
            if _number(record[1:7], number, "number of batches") != batches:
                raise NotReadable(f"Line {number}: the file says that it has other batches than it has.")
        elif not (kind == "1" and number == 1):
            raise NotReadable(f"Line {number}: a record of kind {kind!r} cannot stand here.")


class _Sums:
    """What control records state: entries and addenda, the sum of routing numbers, debits and credits."""

    def __init__(self) -> None:
        self.lines = self.hash = self.debits = self.credits = 0

    def add_entry(self, record: str, number: int) -> None:
        self.lines += 1
        self.hash += _number(record[3:11], number, "routing number")
        amount = _number(record[29:39], number, "amount")
        if record[2] in "6789":
            self.debits += amount
        else:
            self.credits += amount

    def add(self, other: _Sums) -> None:
        self.lines += other.lines
        self.hash += other.hash
        self.debits += other.debits
        self.credits += other.credits

    def compare(self, stated: tuple[int, ...], number: int, what: str) -> None:
        counted = (self.lines, self.hash % 10**10, self.debits, self.credits)
        for name, said, is_so in zip(("entries", "entry hash", "debits", "credits"), stated, counted, strict=True):
            if said != is_so:
                raise NotReadable(f"Line {number}: the {what} states {name} of {said}, and they are {is_so}.")


def _stated(record: str, number: int, *places: tuple[int, int]) -> tuple[int, ...]:
    return tuple(_number(record[start:end], number, "sum") for start, end in places)


def _returned(entry: str, addenda: str, number: int) -> Returned:
    kind, code, trace = addenda[1:3], addenda[3:6], addenda[6:21]
    if kind not in _CODES:
        raise NotReadable(f"Line {number}: addenda of type {kind!r}; returns have 99, notifications of change 98.")
    if not _CODES[kind].fullmatch(code):
        raise NotReadable(f"Line {number}: {code!r} is no code of a {'return' if kind == RETURN else 'change'}.")
    _number(trace, number, "trace number")
    return Returned(
        line=number,
        trace=trace,
        code=code,
        amount_minor=_number(entry[29:39], number, "amount"),
        last4=_last4(code, addenda[35:64]) if kind == CHANGE else "",
    )


def _last4(code: str, corrected: str) -> str:
    """Of the account number in a change's corrected data."""
    words = corrected[_ACCOUNT_AT[code]].split() if code in _ACCOUNT_AT else []
    return words[0][-4:] if words else ""


def _number(field: str, number: int, what: str) -> int:
    if not _DIGITS.fullmatch(field):
        raise NotReadable(f"Line {number}: the {what} {field.strip()!r} is no number.")
    return int(field)
