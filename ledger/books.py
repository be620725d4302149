"""The books check themselves: named checks, each of which yields what does not add up."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final

FINDINGS_MAX: Final = 20  # of one check: beyond that the count says more than the list

_checks: dict[str, Callable[[], Iterable[str]]] = {}


@dataclass(frozen=True, slots=True)
class Result:
    """What one check found; `findings` holds the first FINDINGS_MAX of `count`."""

    name: str
    findings: tuple[str, ...]
    count: int


def register(name: str, check: Callable[[], Iterable[str]]) -> None:
    """Add a check under a name that reads as what holds ("each paid order has its sale"). One check a name.

    `check()` yields one sentence for each thing that is wrong, streaming; nothing when all is well.
    """
    if _checks.get(name, check) is not check:
        raise ValueError(f"there is another check named {name!r}")
    _checks[name] = check


def run() -> Iterable[Result]:
    """Run all checks in the order of their registration."""
    for name, check in _checks.items():
        findings = iter(check())
        first = tuple(islice(findings, FINDINGS_MAX))
        yield Result(name, first, len(first) + sum(1 for _ in findings))
