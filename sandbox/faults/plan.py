"""The plan of faults in force: its rules, their seeded draws, and a log that counts what was injected."""

from __future__ import annotations

import random
import threading
from collections import Counter, deque
from fnmatch import fnmatchcase
from typing import Any

from sandbox.errors import invalid
from sandbox.faults import options

LOG_ROWS_MAX = 100_000
KINDS = {
    "api": (options.API_FAULTS, options.API_MATCH),
    "webhooks": (options.WEBHOOK_FAULTS, options.WEBHOOK_MATCH),
}


class Rule:
    """One line of the plan. Its draws depend on the seed, its place in the plan and how often it has matched."""

    def __init__(self, given: dict[str, Any], seed: int, where: str, place: int) -> None:
        self.given = given
        self.fault: str = given["fault"]
        self.name: str = given["name"] or f"{where}[{place}]"
        self.matched = 0
        self.injected = 0
        self.random = random.Random(f"{seed}/{where}/{place}")

    def __getitem__(self, option: str) -> Any:
        return self.given.get(option)

    def fires(self) -> bool:
        """Draw for one that has matched."""
        self.matched += 1
        drawn = self.random.random() < self.given["probability"]
        left = self.given["times"] is None or self.injected < self.given["times"]
        if drawn and left and self.matched > self.given["after"]:
            self.injected += 1
            return True
        return False

    def to_json(self) -> dict[str, Any]:
        """The rule as it was set, complete, and what it has done since."""
        return self.given | {"matched": self.matched, "injected": self.injected}


class Faults:
    """Every method takes its own lock, which is held for no longer than a draw."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """No faults, nothing counted."""
        with self._lock:
            self._seed = 0
            self._rules: dict[str, list[Rule]] = {where: [] for where in KINDS}
            self._counts: dict[str, Counter[str]] = {where: Counter() for where in (*KINDS, "forgotten")}
            self._log: deque[dict[str, Any]] = deque(maxlen=LOG_ROWS_MAX)

    def change(self, document: dict[str, Any]) -> None:
        """Put the sections that are sent in place of those in force; all or nothing.

        A rule starts counting anew when its section or the seed is sent; the counts by fault and the log go on.
        """
        seed = document.get("seed", self._seed)
        if not options.WHOLE.fits(seed):
            raise invalid(f"Send {options.WHOLE.words}.", param="seed")
        rules = {}
        for where in KINDS:
            given = document.get(where, [rule.given for rule in self._rules[where]])
            if where in document or "seed" in document:
                rules[where] = _rules(given, seed, where)
        with self._lock:
            self._seed = seed
            self._rules |= rules

    def for_request(self, method: str, path: str, key: str | None) -> list[Rule]:
        """What happens to this API request: every delay that fires, then at most one other fault."""
        found = []
        with self._lock:
            for rule in self._rules["api"]:
                fits = rule["method"] in ("*", method) and fnmatchcase(path, rule["path"])
                if fits and fnmatchcase(key or "", rule["key"]) and rule.fires():
                    found.append(rule)
                    if rule.fault != "delay":
                        break
        return found

    def for_webhooks(self) -> list[Rule]:
        """Rules about deliveries in the order of the plan."""
        return self._rules["webhooks"]

    def fires(self, rule: Rule, event_type: str, url: str) -> bool:
        """Whether a rule about deliveries takes this one."""
        with self._lock:
            wanted = any(fnmatchcase(event_type, pattern) for pattern in rule["types"])
            return wanted and fnmatchcase(url, rule["url"]) and rule.fires()

    def count(self, where: str, fault: str, at: int, *, times: int = 1, **facts: Any) -> None:
        """Write down that it was done, at a moment in unix seconds; `facts` name the request or the event."""
        with self._lock:
            self._counts[where][fault] += times
            self._log.append({"at": at, "where": where, "fault": fault} | facts)

    @property
    def log(self) -> list[dict[str, Any]]:
        """What was injected, oldest first."""
        with self._lock:
            return list(self._log)

    def to_json(self) -> dict[str, Any]:
        """The plan in force, each rule with what it has done, and the counts by fault since the last clear."""
        with self._lock:
            rules = {where: [rule.to_json() for rule in rules] for where, rules in self._rules.items()}
            counts = {where: dict(sorted(counter.items())) for where, counter in self._counts.items()}
            return {"seed": self._seed, **rules, "counts": counts}


def _rules(given: Any, seed: int, where: str) -> list[Rule]:
    if not isinstance(given, list):
        raise invalid("Send a list of rules.", param=where)
    kinds, match = KINDS[where]
    complete = [options.rule(entry, kinds, match, f"{where}[{place}]") for place, entry in enumerate(given)]
    return [Rule(entry, seed, where, place) for place, entry in enumerate(complete)]
