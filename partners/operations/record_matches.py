"""Matches that were found or chosen are rows, in a few statements however many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from partners.models import Match, MatchEvent, MatchItem

AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class MatchWanted:
    """A match that is no row yet, with its items."""

    kind: str
    rule: str
    score: int
    is_certain: bool
    items: list[MatchItem]


@transaction.atomic
def record_matches(wanted: Sequence[MatchWanted], *, by_id: int | None, now: datetime) -> list[Match]:
    """Propose them. Raises ValueError where the sides differ, IntegrityError where a thing is in another match."""
    for one in wanted:
        bank = sum(item.amount_minor for item in one.items if item.side == MatchItem.Side.BANK)
        if 2 * bank != sum(item.amount_minor for item in one.items):
            raise ValueError("the sides of a match come to different amounts")
    matches = Match.objects.bulk_create(
        (
            Match(
                kind=one.kind,
                rule=one.rule,
                score=one.score,
                is_certain=one.is_certain,
                proposed_by_id=by_id,
                proposed_at=now,
            )
            for one in wanted
        ),
        batch_size=AT_ONCE,
    )
    items = []
    for match, one in zip(matches, wanted, strict=True):
        for item in one.items:
            item.match = match
            items.append(item)
    MatchItem.objects.bulk_create(items, batch_size=AT_ONCE)
    MatchEvent.objects.bulk_create(
        (MatchEvent(match=match, word=Match.State.PROPOSED, by_id=by_id, at=now) for match in matches),
        batch_size=AT_ONCE,
    )
    return matches
