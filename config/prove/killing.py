"""A worker that is killed again and again, and each time begins anew."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final

from config.demo.processes import Process

READY: Final = b" ready."
LOOK_S: Final = 0.2


class MortalWorker:
    """A context: the worker runs in it, and is killed with all its children `every_s` seconds after it began to work.

    `process(number)` makes it for its `number`th life. `spare` lets it live from then on; `deaths` counts.
    """

    def __init__(self, process: Callable[[int], Process], *, every_s: float) -> None:
        self._process, self._every_s = process, every_s
        self._spared = threading.Event()
        self._killer = threading.Thread(target=self._kill, name="killer", daemon=True)
        self._worker = process(1)
        self.deaths = 0

    def __enter__(self) -> MortalWorker:
        self._worker.start()
        self._killer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.spare()
        self._worker.ask_to_stop()
        self._worker.stop()

    def spare(self) -> None:
        """Nobody kills it any more."""
        self._spared.set()
        self._killer.join()

    def _kill(self) -> None:
        while self._begins() and not self._spared.wait(self._every_s):
            self._worker.kill()
            self.deaths += 1
            self._worker = self._process(self.deaths + 1)
            self._worker.start()

    def _begins(self) -> bool:
        """Wait until it works: on a busy machine it would else be killed before, each time. False when spared."""
        while READY not in self._worker.log.read_bytes():
            if self._spared.wait(LOOK_S):
                return False
        return True
