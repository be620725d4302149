"""What goes wrong with the deliveries of the storm, as a plan for the local Stripe (sandbox/README.md)."""

from __future__ import annotations

from typing import Any, Final

POISON: Final = "ch_poison"  # an object that Stripe does not have
DROPPED, POISONED, OLD, FORGED = "dropped", "rewritten", "old_version", "wrongly_signed"
COPIES: Final = 3
# How many deliveries a fact makes: those that are not dropped come three times, and some forgeries beside them.
DELIVERIES_EACH: Final = 0.95 * COPIES + 0.03
SOME: Final = 3  # of each at least about so many, however small the storm is
EVERYTHING: Final = 1_000_000
ONE_HOUR_S: Final = 3_600


def plan(seed: int, *, facts: int, held: bool) -> dict[str, Any]:
    """Of all facts 5 % are never told, 0.5 % told as poison, 1 % in an old shape; the rest truly; each three times.

    To 1 % of what arrives comes a forgery. `held`: all waits to be shuffled as a whole; else a hundred at a time.
    """
    pool = {"hold": EVERYTHING, "within_s": ONE_HOUR_S} if held else {"hold": 100, "within_s": 3}
    few = SOME / facts
    return {
        "seed": seed,
        "webhooks": [
            {"fault": DROPPED, "probability": max(0.05, few)},
            {"fault": POISONED, "set": {"data.object.id": POISON}, "instead": True, "probability": max(0.005, few)},
            {"fault": OLD, "instead": True, "probability": max(0.01, few)},
            {"fault": "duplicated", "copies": COPIES},
            {"fault": FORGED, "probability": max(0.01, few / COPIES)},
            {"fault": "reordered", **pool},
        ],
    }
