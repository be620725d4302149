"""Rule 2: amount, day and what the line says; and what is nearly the same amount, which is an exception."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Final

from partners.bank.matching.candidates import BY_AMOUNT, ONLY_AMOUNT, Differs, Found, Left, Line, Payout, Same

NEAR_MINOR: Final = 100  # POLICY: off by no more than this, or by a hundredth, a line is still called the payout
NEAR_PARTS: Final = 100
Words = Mapping[int, frozenset[str]]


def worded(left: Left) -> Words:
    """For each line the words of payouts that it holds."""
    words = sorted({payout.word for payout in left.payouts.values() if payout.word}, key=len, reverse=True)
    if not words:
        return {}
    pattern = re.compile("|".join(map(re.escape, words)))
    held = {pk: frozenset(pattern.findall(line.text)) for pk, line in left.lines.items()}
    return {pk: found for pk, found in held.items() if found}


def find(left: Left, found: Found, words: Words) -> None:
    """Certain where the line could be no other payout of its amount, and the payout no other line."""
    lines = [((word, line.currency, line.amount_minor), line) for word, line in _lines(left, words)]
    payouts = [((one.word, one.currency, one.amount_minor), one) for one in left.payouts.values() if one.word]
    for line, payout in only_pairs(lines, payouts):
        found.same.append(Same((line,), (payout,), "amount_date", BY_AMOUNT, is_certain=True))
        left.take([line], [payout])


def find_without_word(left: Left, found: Found, words: Words) -> None:
    """A line that says nothing but has the only amount is proposed to a person."""
    lines = [((line.currency, line.amount_minor), line) for pk, line in left.lines.items() if pk not in words]
    payouts = [((one.currency, one.amount_minor), one) for one in left.payouts.values() if one.kind != "returned"]
    for line, payout in only_pairs(lines, payouts):
        found.same.append(Same((line,), (payout,), "amount_date", ONLY_AMOUNT))
        left.take([line], [payout])


def find_near(left: Left, found: Found, words: Words) -> None:
    """The only line and the only payout of a word and time, a little apart: named, and matched by nobody."""
    lines = [((word, line.currency, line.amount_minor > 0), line) for word, line in _lines(left, words)]
    payouts = [((one.word, one.currency, one.amount_minor > 0), one) for one in left.payouts.values() if one.word]
    for line, payout in list(only_pairs(lines, payouts)):
        off = line.amount_minor - payout.amount_minor
        if off and NEAR_PARTS * abs(off) <= max(NEAR_PARTS * NEAR_MINOR, abs(payout.amount_minor)):
            found.differing.append(Differs(line, (payout,), off))
            left.take([line], [payout])


def only_pairs(
    lines: Iterable[tuple[Hashable, Line]], payouts: Iterable[tuple[Hashable, Payout]]
) -> Iterator[tuple[Line, Payout]]:
    """Pairs of one group, the line within the payout's days, of which neither has another. Counted, not compared."""
    by_group: dict[Hashable, tuple[list[Line], list[Payout]]] = defaultdict(lambda: ([], []))
    for group, line in lines:
        by_group[group][0].append(line)
    for group, payout in payouts:
        by_group[group][1].append(payout)
    rivals: dict[int, int] = defaultdict(int)
    pairs: list[tuple[Line, Payout]] = []
    for some, others in by_group.values():
        some.sort(key=lambda line: line.booked_on)
        spans = [_span(some, payout) for payout in others]
        for line, times in zip(some, _covered(len(some), spans), strict=True):
            rivals[line.pk] += times
        pairs += [(some[low], one) for one, (low, high) in zip(others, spans, strict=True) if high - low == 1]
    # A line may hold the words of two payouts: then it is in two groups, and both count.
    return (found for found in pairs if rivals[found[0].pk] == 1)


def _span(lines: Sequence[Line], payout: Payout) -> tuple[int, int]:
    return (
        bisect_left(lines, payout.first_on, key=lambda line: line.booked_on),
        bisect_right(lines, payout.last_on, key=lambda line: line.booked_on),
    )


def _covered(length: int, spans: Iterable[tuple[int, int]]) -> list[int]:
    """In how many of the spans each place lies."""
    steps = [0] * (length + 1)
    for low, high in spans:
        if high > low:
            steps[low] += 1
            steps[high] -= 1
    return list(accumulate(steps[:length]))


def _lines(left: Left, words: Words) -> Iterator[tuple[str, Line]]:
    return ((word, left.lines[pk]) for pk, held in words.items() if pk in left.lines for word in held)
