"""How the webhook door answered: every line that gunicorn wrote about it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

DOOR: Final = "/stripe/webhook"


@dataclass(frozen=True, slots=True)
class Answers:
    """Deliveries by the status of their answer, and how long answers took."""

    by_status: Counter[int]
    p50_ms: float
    p99_ms: float

    @property
    def number(self) -> int:
        return self.by_status.total()


def read(access_log: Path) -> Answers:
    """From lines of method, path, status and microseconds."""
    lines = [line.split() for line in access_log.read_text().splitlines()]
    ours = [(int(status), int(took_us)) for method, path, status, took_us in lines if path == DOOR]
    took = sorted(took_us / 1_000 for _, took_us in ours) or [0.0]
    return Answers(Counter(status for status, _ in ours), took[len(took) // 2], took[len(took) * 99 // 100])
