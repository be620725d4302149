"""What a proof says while it runs, without flooding the terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Final

SAY_EVERY_S: Final = 5.0
Say = Callable[[str], None]


class Progress:
    """A line of progress every few seconds, with the seconds since the beginning."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._said = -SAY_EVERY_S

    def __call__(self, words: str) -> None:
        now_s = time.monotonic() - self._began
        if now_s - self._said >= SAY_EVERY_S:
            self._said = now_s
            say(f"{now_s:6.0f} s  {words}")


class Silent:
    """Takes what a command would print."""

    def write(self, words: str) -> int:
        return len(words)

    def flush(self) -> None:
        return


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()
