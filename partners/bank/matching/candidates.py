"""What is matched, as plain data, and what a run found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

EXACT, BY_AMOUNT, BY_SUM, ONLY_AMOUNT = 100, 80, 60, 40
SUM_ITEMS_MAX: Final = 6
Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Line:
    """A bank line that nothing explains yet, signed as the bank signs it; `text` in capitals, reference included.

    `ids` are names that a part of it has only in its place, such as a cheque's number (`cheque_id`).
    """

    pk: int
    account: int
    booked_on: date
    amount_minor: int
    currency: str
    text: str
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Payout:
    """What a line may be: `kind` and `pk` name the row, the amount is signed as the bank will sign it.

    `ref` names it in exceptions, `ids` are what the bank may call it, in capitals; `word` is what its lines say besides
    (STRIPE, a partner's name), `first_on` and `last_on` the days on which the bank should show it.
    """

    kind: Literal["processor", "partner", "returned"]
    pk: int
    ref: str
    amount_minor: int
    currency: str
    ids: tuple[str, ...]
    word: str
    first_on: date
    last_on: date

    @property
    def key(self) -> Key:
        return self.kind, self.pk


@dataclass(frozen=True, slots=True)
class Same:
    """Lines and payouts that come to the same. `is_certain` where the rule may confirm it by itself."""

    lines: tuple[Line, ...]
    payouts: tuple[Payout, ...]
    rule: str
    score: int
    is_certain: bool = False


@dataclass(frozen=True, slots=True)
class Differs:
    """A line that must be these payouts and is off by some amount: the line less the payouts."""

    line: Line
    payouts: tuple[Payout, ...]
    off_minor: int


@dataclass(slots=True)
class Found:
    same: list[Same] = field(default_factory=list)
    differing: list[Differs] = field(default_factory=list)


@dataclass(slots=True)
class Left:
    """What is left: each rule takes out what it found, or what it keeps from weaker rules."""

    lines: dict[int, Line]
    payouts: dict[Key, Payout]

    def take(self, lines: Iterable[Line], payouts: Iterable[Payout]) -> None:
        for line in lines:
            self.lines.pop(line.pk, None)
        for payout in payouts:
            self.payouts.pop(payout.key, None)
