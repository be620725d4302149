"""How large a test is asked to be: as the suite runs it every day, or as long as `scripts/prove` wants it."""

from __future__ import annotations

import os
import random
from pathlib import Path


def size(usual: int) -> int:
    """`usual` in the suite, else what `scripts/prove NAME --size` says."""
    return int(os.environ.get("TASSEL_PROOF_SIZE", usual))


def times(usual: int) -> int:
    """`usual` in the suite, else so many times as much as `scripts/prove ledger --size` says."""
    return usual * int(os.environ.get("TASSEL_PROOF_SIZE", "1"))


def seed(usual: int | None = None) -> int:
    """What `scripts/prove NAME --seed` says; in the suite `usual`, or another one each time."""
    asked = os.environ.get("TASSEL_PROOF_SEED")
    if asked is not None:
        return int(asked)
    return random.SystemRandom().randrange(2**40) if usual is None else usual


def tell(words: str) -> None:
    """What a proof counted: for `scripts/prove`, which shows it at the end. The suite keeps it to itself."""
    told = os.environ.get("TASSEL_PROOF_TOLD")
    if told is not None:
        with Path(told).open("a") as file:
            file.write(f"{words}\n")
