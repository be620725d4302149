"""How much is posted: enough for the promised figures, or a tiny run that only shows that everything works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Sizes:
    """Numbers of entries, each of six postings; `turns` is how often each thing is timed."""

    turns: int
    many: int
    """Posted in one turn, BATCH at a time."""
    single: int
    """Posted in one turn, one at a time."""
    spread: int
    """Over 90 days, for their bytes."""
    small_history: int
    large_history: int
    closing_month: int
    """In each of the months that are closed against the clock."""
    events: int
    """Webhooks sent in one turn."""
    gifts: int
    """Given at a local Stripe, and worked through by one worker."""
    bank_small: int
    """Bank lines, and as many payouts."""
    bank_large: int


BATCH: Final = 1_000
FULL: Final = Sizes(
    turns=7,
    many=3_000,
    single=400,
    spread=15_000,
    small_history=16_700,
    large_history=166_700,
    closing_month=2_000,
    events=1_500,
    gifts=200,
    bank_small=10_000,
    bank_large=100_000,
)
QUICK: Final = Sizes(
    turns=2,
    many=20,
    single=5,
    spread=60,
    small_history=120,
    large_history=360,
    closing_month=60,
    events=12,
    gifts=4,
    bank_small=200,
    bank_large=600,
)
