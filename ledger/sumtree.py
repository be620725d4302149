"""A Merkle sum tree: one root binds every amount and their sum, and each amount can show that it is inside.

The shape is that of RFC 9162; each node also hashes the sums of both its children apart, because hashing only their
total lets two branches share one amount (ePrint 2018/1139). Rules and vectors: rules/ledger.md section 9.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from hashlib import sha256
from typing import Final, TypeVar

SALT_BYTES: Final = 32
_LIMIT: Final = 1 << 64
T = TypeVar("T")


class NotATree(ValueError):
    """Amounts that no tree can bind, or a position that is not in it."""


@dataclass(frozen=True, slots=True)
class Node:
    """What stands above some leaves: the sum of their amounts in minor units, and the hash that binds them."""

    total_minor: int
    digest: bytes


def leaf(amount_minor: int, salt: bytes, receipt: str) -> Node:
    """One amount, zero or above, with the receipt it is for; the salt keeps the receipt from being guessed."""
    if len(salt) != SALT_BYTES:
        raise NotATree(f"a salt has {SALT_BYTES} bytes, not {len(salt)}")
    return Node(amount_minor, sha256(b"\x00" + salt + _u64(amount_minor) + receipt.encode()).digest())


def join(left: Node, right: Node) -> Node:
    """The node above two others. Raises NotATree when the sum no longer fits into 64 bits."""
    children = b"".join(_u64(node.total_minor) + node.digest for node in (left, right))
    total_minor = left.total_minor + right.total_minor
    _u64(total_minor)
    return Node(total_minor, sha256(b"\x01" + children).digest())


def fold(leaves: Sequence[T], over: Callable[[T, T], T]) -> T:
    """The root over one leaf or more, in the shape of RFC 9162 section 2.1.1."""
    if not leaves:
        raise NotATree("a tree has at least one leaf")
    if len(leaves) == 1:
        return leaves[0]
    cut = _cut(len(leaves))
    return over(fold(leaves[:cut], over), fold(leaves[cut:], over))


def path(leaves: Sequence[Node], index: int) -> list[Node]:
    """The neighbours of a leaf on its way to the root, lowest first. All that the root hides stays hidden but these."""
    if not 0 <= index < len(leaves):
        raise NotATree(f"there is no leaf {index} among {len(leaves)}")
    if len(leaves) == 1:
        return []
    cut = _cut(len(leaves))
    if index < cut:
        return [*path(leaves[:cut], index), fold(leaves[cut:], join)]
    return [*path(leaves[cut:], index - cut), fold(leaves[:cut], join)]


def root_from(node: Node, *, index: int, count: int, neighbours: Sequence[Node]) -> Node:
    """The root that a leaf at `index` of `count` leads to by its neighbours; compare it with the published one.

    Raises NotATree for neighbours that do not fit the position, and for sums that cannot be.
    """
    sides = _sides(index, count)
    if len(neighbours) != len(sides):
        raise NotATree(f"leaf {index} of {count} has {len(sides)} neighbours on its way, not {len(neighbours)}")
    steps = zip(sides, neighbours, strict=True)
    return reduce(lambda at, step: join(at, step[1]) if step[0] else join(step[1], at), steps, node)


def _sides(index: int, count: int) -> list[bool]:
    """From the leaf upwards: whether it lies on the left of its neighbour."""
    if not 0 <= index < count:
        raise NotATree(f"there is no leaf {index} among {count}")
    if count == 1:
        return []
    cut = _cut(count)
    return [*_sides(index, cut), True] if index < cut else [*_sides(index - cut, count - cut), False]


def _cut(count: int) -> int:
    """How many leaves lie on the left: the largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1


def _u64(amount_minor: int) -> bytes:
    if not 0 <= amount_minor < _LIMIT:
        raise NotATree(f"{amount_minor} is not an amount that a tree can hold")
    return amount_minor.to_bytes(8, "big")
