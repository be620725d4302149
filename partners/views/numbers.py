"""Numbers of rows as forms send them."""

from __future__ import annotations

from collections.abc import Iterable

ID_DIGITS_MAX = 18


def row_id(typed: str) -> int:
    """A row's number; 0, which no row has, for anything else."""
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) <= ID_DIGITS_MAX else 0


def row_ids(typed: Iterable[str]) -> list[int]:
    """Those that are numbers, each once, in their order."""
    return list(dict.fromkeys(number for text in typed if (number := row_id(text))))
