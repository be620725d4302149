"""Several ways of doing the same work in turns, so that whatever else the machine does falls on all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter


def seconds(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def in_turns(turns: int, *works: Callable[[int], object]) -> list[list[float]]:
    """Do each once untimed (turn 0), then A B C, A B C, each given its turn from 1; the seconds of each work."""
    times: list[list[float]] = [[] for _ in works]
    for turn in range(turns + 1):
        for work, kept in zip(works, times, strict=True):
            kept.append(seconds(lambda: work(turn)))  # noqa: B023 - called at once
    return [kept[1:] for kept in times]


def ratio(upper: Sequence[float], lower: Sequence[float]) -> float:
    """The median of the ratios of each turn."""
    return median(a / b for a, b in zip(upper, lower, strict=True))


def per_second(number: int, times: Sequence[float]) -> float:
    return number / median(times)


def median_ms(times: Sequence[float]) -> float:
    return median(times) * 1_000
