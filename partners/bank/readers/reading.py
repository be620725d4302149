"""What a reader makes of a bank's file: rows with a verdict each, and what the file says of itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


class NotReadable(ValueError):
    """The file as a whole cannot be read; `str(error)` says why, and where in the file."""


class BadField(ValueError):
    """One field of one row cannot be read; `str(error)` says which and why."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the bank. `number` is where it stands in the file; amounts are negative when money left us.

    `bank_ref` is the bank's own id of the line; `reference` what the payer or we wrote, such as a cheque number.
    """

    number: int
    booked_on: date
    description: str
    amount_minor: int
    value_on: date | None = None
    bank_ref: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be read: what it says, and why not."""

    number: int
    text: str
    problem: str


@dataclass(slots=True)
class Reading:
    """A whole file. What the file does not say is empty; `first_on` and `last_on` only where it names its period."""

    format: str
    rows: list[Row | BadRow] = field(default_factory=list)
    account: str = ""
    currency: str = ""
    first_on: date | None = None
    last_on: date | None = None
    opening_minor: int | None = None
    closing_minor: int | None = None
