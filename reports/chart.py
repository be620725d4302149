"""The statement's chart: what each day promised, goods and gifts one above the other. Plain SVG, no library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from people.money import format_minor
from reports.figures import Day

HEIGHT, STEP, BAR = 120, 20, 14


@dataclass(frozen=True, slots=True)
class Bar:
    """One part of one day's bar, in the chart's units (y grows downwards)."""

    x: int
    y: int
    height: int
    kind: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A line across the chart with its amount in words."""

    y: int
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What the template draws: `width` x `HEIGHT` units, bars from the ground up, days to name below."""

    width: int
    height: int
    bar_width: int
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    days: tuple[tuple[int, int], ...]
    highest_day: int
    highest_minor: int


def chart(days: Sequence[Day], currency: str) -> Chart | None:
    """The chart of a month, or None when no day brought anything."""
    best = max(days, key=lambda day: day.goods_minor + day.gifts_minor, default=None)
    if best is None or (highest := best.goods_minor + best.gifts_minor) <= 0:
        return None
    top = _round_up(highest)
    bars: list[Bar] = []
    for index, day in enumerate(days):
        x = index * STEP + (STEP - BAR) // 2
        goods, gifts = (_height(amount_minor, top) for amount_minor in (day.goods_minor, day.gifts_minor))
        if goods:
            bars.append(Bar(x, HEIGHT - goods, goods, "goods"))
        if gifts:
            bars.append(Bar(x, HEIGHT - goods - gifts, gifts, "gifts"))
    return Chart(
        width=len(days) * STEP,
        height=HEIGHT,
        bar_width=BAR,
        bars=tuple(bars),
        ticks=tuple(Tick(HEIGHT - HEIGHT * part // 2, format_minor(top * part // 2, currency)) for part in (1, 2)),
        days=tuple((index * STEP + STEP // 2, day.day) for index, day in enumerate(days) if (day.day - 1) % 5 == 0),
        highest_day=best.day,
        highest_minor=highest,
    )


def _height(amount_minor: int, top_minor: int) -> int:
    """In the chart's units; whatever is more than nothing can be seen."""
    return max(amount_minor * HEIGHT // top_minor, 1) if amount_minor > 0 else 0


def _round_up(amount_minor: int) -> int:
    """The next amount of the form 2, 4, 10 times a power of ten, so that the ticks are round."""
    unit = 1
    while True:
        for factor in (2, 4, 10):
            if amount_minor <= factor * unit:
                return factor * unit
        unit *= 10
