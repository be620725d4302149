"""Where deliveries are held back until there are enough of them to shuffle."""

from __future__ import annotations

import random
import threading

from sandbox.delivery import Delivery
from sandbox.faults.plan import Rule


class Pools:
    """Deliveries that are held back until there are enough to shuffle, by rule and address."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[tuple[str, str], list[Delivery]] = {}

    def put(self, rule: Rule, delivery: Delivery) -> tuple[int, list[Delivery]]:
        """Hold one back: how many the pool holds with it, and all of them, shuffled, once there are enough."""
        key = (rule.name, delivery.url)
        with self._lock:
            held = self._held.setdefault(key, [])
            held.append(delivery)
            count = len(held)
        return count, self.take(rule, delivery.url) if count >= rule["hold"] else []

    def take(self, rule: Rule, url: str) -> list[Delivery]:
        """All that one pool holds, shuffled."""
        with self._lock:
            held = self._held.pop((rule.name, url), [])
            rule.random.shuffle(held)
        return held

    def take_all(self) -> list[Delivery]:
        """All that every pool holds."""
        with self._lock:
            held = [delivery for pool in self._held.values() for delivery in pool]
            self._held.clear()
        random.shuffle(held)
        return held
