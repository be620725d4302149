"""The money line: one bar from "you paid" to "reached", cut into its named parts (LOOK.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["partner", "fee", "tax", "shipping", "shop", "cover", "promised", "paid", "returned"]


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of the line: its words, its amount in minor units, its kind (colour and pattern), a link to why."""

    label: str
    amount_minor: int
    kind: Kind
    href: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part as it is drawn: offset and width in thousandths of the bar."""

    part: Part
    x: int
    width: int


def segments(parts: Sequence[Part]) -> list[Segment]:
    """Parts above zero laid end to end over 1,000 units; cumulative cuts, so the widths sum to 1,000."""
    shown = [part for part in parts if part.amount_minor > 0]
    total = sum(part.amount_minor for part in shown)
    drawn: list[Segment] = []
    run = 0
    for part in shown:
        start = run * 1000 // total
        run += part.amount_minor
        drawn.append(Segment(part, start, run * 1000 // total - start))
    return drawn
