"""Bank lines find what they are: certain matches are confirmed by their rule, others wait for a person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import structlog
from django.db import transaction

from partners.bank.learning import pattern_of, rules_in_force
from partners.bank.matching import Found, Line, Same, pair
from partners.bank.open_sides import OpenSides, open_sides
from partners.models import BankAccount, Match, MatchItem
from partners.operations.name_bank_differences import name_bank_differences
from partners.operations.record_matches import MatchWanted, record_matches
from partners.operations.settle_matches import settle_matches

CONFIRM_AT_ONCE: Final = 1_000
LEARNED_SCORE: Final = 50
_KINDS: Final = {"processor": Match.Kind.ARRIVED, "partner": Match.Kind.PAID, "returned": Match.Kind.RETURNED}
_SIDES: Final = {"processor": "stripe_payout_id", "partner": "payout_id", "returned": "payout_id"}
log = structlog.get_logger(__name__)
Tell = Callable[[int], None]


def match_lines(*, now: datetime, tell: Tell | None = None) -> int:
    """Match what is open on both sides, confirm what is certain, and name what does not fit (rules/ledger.md 7).

    Certain is what an exact id, or an amount, day and word that nothing else has, shows; but the payout of a person who
    uploaded or imported the line themself waits for another. A pair that was undone is not proposed again. `tell` hears
    how many were confirmed so far; each thousand is a transaction of its own, and what a dead worker left is confirmed
    by the next run. Returns how many matches were proposed.
    """
    with transaction.atomic():
        list(BankAccount.objects.select_for_update().order_by("pk"))  # one run at a time
        sides = open_sides()
        found = pair(sides.lines, sides.payouts)
        wanted = [*_of_pairs(found, sides), *_learned(found, sides)]
        record_matches(wanted, by_id=None, now=now)
        differing = found.differing
    _confirm_certain(now, tell)
    name_bank_differences(differing, now=now)
    return len(wanted)


def _of_pairs(found: Found, sides: OpenSides) -> list[MatchWanted]:
    undone = _undone()
    wanted = []
    for same in found.same:
        if not any((line.pk, payout.key) in undone for line in same.lines for payout in same.payouts):
            wanted.append(_wanted(same, sides))
    return wanted


def _wanted(same: Same, sides: OpenSides) -> MatchWanted:
    kind = _KINDS[same.payouts[0].kind]
    items = [_bank(line) for line in same.lines]
    items += [
        MatchItem(
            side=MatchItem.Side.PROCESSOR if one.kind == "processor" else MatchItem.Side.PARTNER,
            is_return=one.kind == "returned",
            amount_minor=one.amount_minor,
            **{_SIDES[one.kind]: one.pk},
        )
        for one in same.payouts
    ]
    return MatchWanted(kind, same.rule, same.score, same.is_certain and _needs_nobody(same, sides), items)


def _needs_nobody(same: Same, sides: OpenSides) -> bool:
    """Whoever had a payout leave cannot settle it by bringing the line in; what came back is looked at by a person."""
    kinds = {payout.kind for payout in same.payouts}
    if "returned" in kinds:
        return False
    importers = set().union(*(sides.importers[line.pk] for line in same.lines))
    return not any(sides.hands.get(one.pk, set()) & importers for one in same.payouts if one.kind == "partner")


def _learned(found: Found, sides: OpenSides) -> list[MatchWanted]:
    """Rule 4, for what the others left."""
    rules = rules_in_force()
    if not rules:
        return []
    taken = {line.pk for same in found.same for line in same.lines} | {one.line.pk for one in found.differing}
    undone = _undone()
    wanted = []
    for line in sides.lines:
        purpose = rules.get((line.account, pattern_of(line.text), line.amount_minor > 0))
        if purpose is not None and line.pk not in taken and (line.pk, ("ledger", 0)) not in undone:
            items = [
                _bank(line),
                MatchItem(side=MatchItem.Side.LEDGER, purpose=purpose, amount_minor=line.amount_minor),
            ]
            wanted.append(MatchWanted(Match.Kind.EXPLAINED, Match.Rule.LEARNED, LEARNED_SCORE, False, items))
    return wanted


def _bank(line: Line) -> MatchItem:
    return MatchItem(side=MatchItem.Side.BANK, line_id=line.pk, amount_minor=line.amount_minor)


def _undone() -> set[tuple[int, tuple[str, int]]]:
    """Pairs of a line and what it was not, by what people said."""
    rows = MatchItem.objects.filter(match__state=Match.State.UNDONE).values_list(
        "match", "side", "line", "stripe_payout", "payout", "is_return"
    )
    lines: dict[int, list[int]] = {}
    others: dict[int, list[tuple[str, int]]] = {}
    for match, side, line, stripe_payout, payout, is_return in rows:
        if side == MatchItem.Side.BANK:
            lines.setdefault(match, []).append(line)
        elif stripe_payout:
            others.setdefault(match, []).append(("processor", stripe_payout))
        elif payout:
            others.setdefault(match, []).append(("returned" if is_return else "partner", payout))
        else:
            others.setdefault(match, []).append(("ledger", 0))
    return {(line, other) for match, some in lines.items() for line in some for other in others.get(match, ())}


def _confirm_certain(now: datetime, tell: Tell | None) -> None:
    """Stripe's arrivals in bulk; a partner's payout alone, so that one which moved on meanwhile keeps none from it."""
    certain = Match.objects.filter(state=Match.State.PROPOSED, is_certain=True).order_by("pk")
    done = 0
    arrived = list(certain.filter(kind=Match.Kind.ARRIVED).values_list("pk", flat=True))
    paid = [[pk] for pk in certain.exclude(kind=Match.Kind.ARRIVED).values_list("pk", flat=True)]
    for some in [*_batches(arrived), *paid]:
        try:
            settle_matches(match_ids=some, by=None, now=now)
        except Exception:
            log.exception("certain_matches_not_confirmed", first=some[0], number=len(some))
            continue
        done += len(some)
        if tell is not None:
            tell(done)


def _batches(pks: Sequence[int]) -> list[list[int]]:
    return [list(pks[begin : begin + CONFIRM_AT_ONCE]) for begin in range(0, len(pks), CONFIRM_AT_ONCE)]
