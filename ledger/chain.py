"""The hash chain over sealed entries, pure: how a seal follows from the one before, and whether a chain holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

GENESIS: Final = bytes(32)  # what the first seal names as the hash before it
_PREFIX: Final = b"\x02"  # no leaf (00) or node (01) of a Merkle tree can pass for a link


@dataclass(frozen=True, slots=True)
class Link:
    """One seal: its number, the two hashes and the bytes it covers."""

    seq: int
    prev_hash: bytes
    hash: bytes
    canonical: bytes


@dataclass(frozen=True, slots=True)
class Anchor:
    """What was written down elsewhere: the hash that the chain had at `seq`. `name` says where it stands."""

    seq: int
    hash: bytes
    name: str


def link(previous: bytes, canonical: bytes) -> bytes:
    """The hash of a seal: SHA-256(02 || hash of the seal before || canonical bytes) (rules/sealing.md "Sealer")."""
    return sha256(_PREFIX + previous + canonical).digest()


class Broken(Exception):
    """A seal does not follow from the one before it, or is not over its bytes."""


def followed(links: Iterable[Link], *, seq: int = 0, head: bytes = GENESIS) -> Iterator[Link]:
    """The links after seal `seq` with its hash `head`, as they come; raises Broken at the first that does not hold."""
    for each in links:
        for fault in _faults_of(each, seq, head):
            raise Broken(fault)
        yield each
        seq, head = each.seq, each.hash


def faults(links: Iterable[Link], anchors: Iterable[Anchor] = ()) -> Iterator[str]:
    """What is wrong with a chain given in order of `seq`, one sentence for each place; nothing when it holds.

    After a fault it goes on from the stored hash, so that each place is named once. The anchors tell what a chain
    alone cannot: that its end is gone, or that all of it was written again.
    """
    wanted = _by_seq(anchors)
    agreed = 0
    seq, before = 0, GENESIS
    for each in links:
        yield from _faults_of(each, seq, before)
        told = wanted.pop(each.seq, [])
        others = [anchor for anchor in told if anchor.hash != each.hash]
        for anchor in others:
            yield f"seal {each.seq} is not the one of {anchor.name}: the chain was changed after seal {agreed}"
        if told and not others:
            agreed = each.seq
        seq, before = each.seq, each.hash
    for missing, those in sorted(wanted.items()):
        for anchor in those:
            yield f"seal {missing} of {anchor.name} is gone: the chain ends at {seq}"


def _faults_of(each: Link, seq: int, before: bytes) -> Iterator[str]:
    """What is wrong with a link that should come after seal `seq` with the hash `before`."""
    if each.seq != seq + 1:
        yield _gap(seq + 1, each.seq - 1) if each.seq > seq else f"seal {each.seq} stands after seal {seq}"
    elif each.prev_hash != before:
        yield f"seal {each.seq} does not follow seal {seq}: it names another hash before it"
    if each.hash != link(each.prev_hash, each.canonical):
        yield f"seal {each.seq} is not over its bytes: they or its hash were changed"


def _by_seq(anchors: Iterable[Anchor]) -> dict[int, list[Anchor]]:
    by_seq: dict[int, list[Anchor]] = {}
    for anchor in anchors:
        if anchor.seq:
            by_seq.setdefault(anchor.seq, []).append(anchor)
    return by_seq


def _gap(first: int, last: int) -> str:
    return f"seal {first} is missing" if first == last else f"seals {first} to {last} are missing"
