"""Our own picture of a pair of tassel earrings, drawn as SVG in a design's colours (LOOK.md "Pictures")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

FALLBACK = ("#A8432D", "#C9765F", "#E4DACE", "#B08D57")
THREADS = 15
CENTRES = (108, 212)
TOP, BOTTOM = 116, 292
CAP_HALF, HEM_HALF = 17, 37


@dataclass(frozen=True, slots=True)
class Thread:
    """One thread as an SVG path in its colour."""

    path: str
    colour: str


@dataclass(frozen=True, slots=True)
class Earring:
    """One earring: where it hangs, and its threads from the back to the front."""

    x: int
    threads: tuple[Thread, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A pair, and the colour of its metal."""

    earrings: tuple[Earring, ...]
    metal: str


def draw(colours: Sequence[str]) -> Drawing:
    """A pair in the colours of a design: its threads first, its metal last; our own colours when it has none."""
    palette = list(colours) or list(FALLBACK)
    metal = palette[-1] if len(palette) > 1 else FALLBACK[-1]
    threads = palette[:-1] or palette
    return Drawing(tuple(Earring(x, _threads(x, threads)) for x in CENTRES), metal)


def _threads(x: int, colours: Sequence[str]) -> tuple[Thread, ...]:
    """Threads fan out from the cap; the outer ones come first, so that the middle lies on top."""
    outwards = sorted(range(THREADS), key=lambda i: -abs(i - THREADS // 2))
    return tuple(Thread(_path(x, i), colours[i % len(colours)]) for i in outwards)


def _path(x: int, i: int) -> str:
    """A gently curved strip from the cap to an uneven hem."""
    across = (i - THREADS // 2) / (THREADS // 2)
    start, end = x + CAP_HALF * across, x + HEM_HALF * across
    hem = BOTTOM - 9 * across * across + (3, -2, 4, 0, -4)[i % 5]
    bulge = start + (end - start) * 0.82
    return f"M{start:.1f} {TOP} C{bulge:.1f} {TOP + 46} {end:.1f} {TOP + 92} {end:.1f} {hem:.1f}"
