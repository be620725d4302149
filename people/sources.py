"""What a text reference such as `order:1042` means to a person; the packages above say so, through config."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """The words for a source, and where staff can open it."""

    label: str
    href: str = ""


Resolver = Callable[[list[str]], Mapping[str, Source]]
_resolvers: dict[str, Resolver] = {}


def register(kind: str, resolver: Resolver) -> None:
    """`resolver` answers a list of references of one kind ("order") at once, so that a page stays at a few queries."""
    _resolvers[kind] = resolver


def describe(refs: Iterable[str]) -> dict[str, Source]:
    """Every reference in words: {"order:7": Source("Order 1007", "/console/…")}; unknown ones as they are written."""
    by_kind: dict[str, list[str]] = {}
    for ref in dict.fromkeys(refs):
        by_kind.setdefault(ref.partition(":")[0], []).append(ref)
    words = {ref: Source(ref.replace(":", " ").capitalize()) for group in by_kind.values() for ref in group}
    for kind, group in by_kind.items():
        if kind in _resolvers:
            words |= _resolvers[kind](group)
    return words
