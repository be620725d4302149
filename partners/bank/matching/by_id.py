"""Rule 1: a line names a payout by an id of its own, such as Stripe's trace id, our reference or a cheque's number."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from partners.bank.matching.candidates import EXACT, SUM_ITEMS_MAX, Differs, Found, Key, Left, Line, Payout, Same

_TOKEN: Final = re.compile(r"[A-Z0-9_]{3,}")
_OURS: Final = re.compile(r"TP\d{5}N\d{3}(?!\d)")
_BROKEN: Final = re.compile(r"[\s-]+")
Index = Mapping[str, list[Payout]]


def find(left: Left, found: Found) -> None:
    """Decide each group of lines and payouts that name one another; all of them are kept from weaker rules.

    A line that names a payout and has another amount is no other payout either: it is an exception.
    """
    index: dict[str, list[Payout]] = defaultdict(list)
    for payout in left.payouts.values():
        for name in payout.ids:
            index[name].append(payout)
    named = {pk: hits for pk, line in left.lines.items() if (hits := _named(line, index))}
    naming: dict[Key, list[int]] = defaultdict(list)
    for pk, hits in named.items():
        for payout in hits:
            naming[payout.key].append(pk)
    done: set[int] = set()
    for pk in named:
        if pk in done:
            continue
        pks, payouts = _group(pk, named, naming)
        done |= pks
        lines = [left.lines[member] for member in sorted(pks)]
        _decide(lines, payouts, found)
        left.take(lines, payouts)


def _named(line: Line, index: Index) -> list[Payout]:
    """The payouts of its sign and currency that the text names, whatever spaces and hyphens the bank put in ours."""
    names = {*line.ids, *_TOKEN.findall(line.text), *_OURS.findall(_BROKEN.sub("", line.text))}
    hits = {payout.key: payout for name in names for payout in index.get(name, ())}
    fitting = (hit for hit in hits.values() if (hit.amount_minor > 0) == (line.amount_minor > 0))
    return [hit for hit in fitting if hit.currency == line.currency]


def _group(
    start: int, named: Mapping[int, list[Payout]], naming: Mapping[Key, list[int]]
) -> tuple[set[int], list[Payout]]:
    """All lines and payouts that hang together by names."""
    seen, waiting, payouts = {start}, [start], {}
    while waiting:
        for payout in named[waiting.pop()]:
            payouts[payout.key] = payout
            fresh = [pk for pk in naming[payout.key] if pk not in seen]
            seen.update(fresh)
            waiting += fresh
    return seen, sorted(payouts.values(), key=lambda payout: payout.key)


def _decide(lines: list[Line], payouts: list[Payout], found: Found) -> None:
    """One of one side, and the sums agree: certain. Of several lines that name one payout, the only one that fits."""
    moved, sent = sum(line.amount_minor for line in lines), sum(payout.amount_minor for payout in payouts)
    one_to_some = 1 in (len(lines), len(payouts)) and max(len(lines), len(payouts)) <= SUM_ITEMS_MAX
    one_account = len({line.account for line in lines}) == 1
    one_kind = len({payout.kind for payout in payouts}) == 1
    fitting = [line for line in lines if line.amount_minor == sent]
    if moved == sent and one_to_some and one_account and one_kind:
        found.same.append(Same(tuple(lines), tuple(payouts), "exact_id", EXACT, is_certain=True))
    elif len(payouts) == 1 and len(fitting) == 1:
        found.same.append(Same((fitting[0],), tuple(payouts), "exact_id", EXACT, is_certain=True))
    elif len(lines) == 1:
        found.differing.append(Differs(lines[0], tuple(payouts), moved - sent))
