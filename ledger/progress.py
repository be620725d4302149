"""How far a long look at the books has come, on a terminal's error stream; nowhere else."""

from __future__ import annotations

from collections.abc import Callable

from django.core.management.base import OutputWrapper

_EVERY = 20_000


def progress(to: OutputWrapper, total: int, what: str) -> Callable[[int], None]:
    """A function that is told the number reached, from 1 to `total`, and shows it now and then."""
    if not to.isatty():
        return lambda _: None

    def show(number: int) -> None:
        if number % _EVERY == 0 or number == total:
            to.write(f"\r{number:,} of {total:,} {what}", ending="" if number < total else "\n")
            to.flush()

    return show
