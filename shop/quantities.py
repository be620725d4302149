"""Which quantities one order can hold, and the words for those that it cannot."""

from __future__ import annotations

from typing import Protocol


class BadQuantity(ValueError):
    """The quantity cannot be had; `str(error)` says why in plain words."""


class BelowOne(BadQuantity):
    """Zero or negative."""


class BeyondLimit(BadQuantity):
    """More than one order may hold of this piece."""


class BeyondStock(BadQuantity):
    """More than are left."""


class Limited(Protocol):
    """What is asked of a piece."""

    @property
    def available(self) -> int: ...
    @property
    def max_per_order(self) -> int: ...


def check_quantity(piece: Limited, quantity: int, *, already: int = 0) -> None:
    """Whether one order can hold `quantity` of this piece, of which `already` lay in the cart before.

    Raises BelowOne, BeyondStock, BeyondLimit.
    """
    with_those = f" Your cart already holds {already}." if already else ""
    if quantity < 1:
        raise BelowOne("Enter 1 or more.")
    if piece.available <= 0:
        raise BeyondStock("None are left just now.")
    if quantity > piece.available:
        left = "Only 1 is left." if piece.available == 1 else f"Only {piece.available} are left."
        raise BeyondStock(left + with_those)
    if quantity > piece.max_per_order:
        raise BeyondLimit(f"One order can hold at most {piece.max_per_order}.{with_those}")
