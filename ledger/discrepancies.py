"""What does not add up between the books and the outside: each kind has a word and an age at which it is too old."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """A kind of it, named by the package that finds it; `limit` as in rules/ledger.md section 7."""

    word: str
    limit: timedelta


@dataclass(frozen=True, slots=True)
class Found:
    """One of a kind: `subject` names the row ("stripe:bt:txn_1"), `detail` holds ids and fixed words only."""

    subject: str
    amount_minor: int | None = None
    currency: str = ""
    detail: str = ""
