"""Rule 3: one line is several payouts, or several lines are one payout, where only one choice adds up."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

from partners.bank.matching.by_amount import Words
from partners.bank.matching.candidates import BY_SUM, SUM_ITEMS_MAX, Found, Left, Line, Payout, Same

AMONG_MAX: Final = 16  # where more could be in one sum, several sums are likely to fit: left to people
STEPS_MAX: Final = 3_000_000  # of all sums of a run together; what is not reached is left to people
Item = TypeVar("Item", Line, Payout)


@dataclass(slots=True)
class _Steps:
    left: int = STEPS_MAX


def find(left: Left, found: Found, words: Words) -> None:
    """Never certain, so a person confirms; an item that is in two choices is in none."""
    candidates = list(_candidates(left, words))
    uses = Counter(one for same in candidates for one in _objects(same))
    for same in candidates:
        if all(uses[one] == 1 for one in _objects(same)):
            found.same.append(same)
            left.take(same.lines, same.payouts)


def _objects(same: Same) -> list[object]:
    return [*(line.pk for line in same.lines), *(payout.key for payout in same.payouts)]


def _candidates(left: Left, words: Words) -> Iterator[Same]:
    lines: dict[tuple[str, str, bool], list[Line]] = defaultdict(list)
    payouts: dict[tuple[str, str, bool], list[Payout]] = defaultdict(list)
    for pk, held in words.items():
        if (line := left.lines.get(pk)) is not None and len(held) == 1:
            lines[next(iter(held)), line.currency, line.amount_minor > 0].append(line)
    for payout in left.payouts.values():
        payouts[payout.word, payout.currency, payout.amount_minor > 0].append(payout)
    steps = _Steps()
    for group, some in lines.items():
        others = sorted(payouts.get(group, ()), key=lambda payout: payout.first_on)
        yield from _one_line(some, others, steps)
        yield from _one_payout(sorted(some, key=lambda line: line.booked_on), others, steps)


def _one_line(lines: Sequence[Line], payouts: Sequence[Payout], steps: _Steps) -> Iterator[Same]:
    longest = max((payout.last_on - payout.first_on for payout in payouts), default=timedelta(0))
    for line in lines:
        low = bisect_left(payouts, line.booked_on - longest, key=lambda payout: payout.first_on)
        high = bisect_right(payouts, line.booked_on, key=lambda payout: payout.first_on)
        near = [payout for payout in payouts[low:high] if line.booked_on <= payout.last_on]
        for chosen in sums(line.amount_minor, near, steps):
            if len({payout.kind for payout in chosen}) == 1:
                yield Same((line,), tuple(chosen), "sum", BY_SUM)


def _one_payout(lines: Sequence[Line], payouts: Sequence[Payout], steps: _Steps) -> Iterator[Same]:
    for payout in payouts:
        low = bisect_left(lines, payout.first_on, key=lambda line: line.booked_on)
        high = bisect_right(lines, payout.last_on, key=lambda line: line.booked_on)
        for parts in sums(payout.amount_minor, lines[low:high], steps):
            if len({line.account for line in parts}) == 1:
                yield Same(tuple(parts), (payout,), "sum", BY_SUM)


def sums(total: int, items: Sequence[Item], steps: _Steps) -> list[list[Item]]:
    """Choices of 2 to SUM_ITEMS_MAX items, all of the sign of `total`, that come to it; no more than two of them."""
    wanted = abs(total)
    fitting = sorted((one for one in items if abs(one.amount_minor) < wanted), key=lambda one: -abs(one.amount_minor))
    if not 2 <= len(fitting) <= AMONG_MAX:
        return []
    sizes = [abs(one.amount_minor) for one in fitting]
    rest = [sum(sizes[place:]) for place in range(len(sizes) + 1)]
    found: list[list[Item]] = []

    def choose(place: int, missing: int, chosen: list[int]) -> None:
        steps.left -= 1
        if missing == 0:
            found.append(sorted((fitting[one] for one in chosen), key=lambda item: item.pk))
            return
        if len(chosen) == SUM_ITEMS_MAX or missing > rest[place] or len(found) > 1 or steps.left < 0:
            return
        for one in range(place, len(sizes)):
            if sizes[one] <= missing:
                choose(one + 1, missing - sizes[one], [*chosen, one])

    choose(0, wanted, [])
    return found
