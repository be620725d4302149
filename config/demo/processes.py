"""The demo's processes: started in order, watched, stopped together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

STOP_S = 10.0


class ProcessEnded(Exception):
    """A process of the demo ended by itself; the message holds the end of its log."""


@dataclass
class Process:
    """One child in a session of its own, so that Ctrl-C reaches only the supervisor, which stops it in order."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str]
    _child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as output:
            self._child = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(self.environment),
                start_new_session=True,
            )

    @property
    def ended(self) -> bool:
        return self._child is not None and self._child.poll() is not None

    def ask_to_stop(self) -> None:
        if self._child is not None and self._child.poll() is None:
            self._child.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """Wait for a child that was asked, then end whatever is left of its session."""
        if self._child is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(STOP_S)
        with suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()
        self._child = None

    def kill(self) -> None:
        """End it and its children at once, as the machine's memory guard would; none of them can clear anything up."""
        if self._child is not None:
            os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait()
            self._child = None

    def last_words(self, lines: int = 15) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


@dataclass
class Supervisor:
    """All processes of the demo, in the order in which they were started."""

    processes: list[Process] = field(default_factory=list)

    def start(self, process: Process) -> None:
        process.start()
        self.processes.append(process)

    def check(self) -> None:
        """Raise ProcessEnded when one of them is gone."""
        for process in self.processes:
            if process.ended:
                raise ProcessEnded(
                    f"{process.name} ended unexpectedly. The end of {process.log}:\n{process.last_words()}"
                )

    def wait_for(self, address: str, timeout_s: float = 60.0) -> None:
        """Wait until an address answers with 200; raises ProcessEnded or TimeoutError."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            self.check()
            try:
                with urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310 - our own loopback address
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise TimeoutError(f"{address} did not answer within {timeout_s:.0f} seconds.")

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.ask_to_stop()
        for process in reversed(self.processes):
            process.stop()
        self.processes.clear()


def free_port(wanted: int) -> int:
    """`wanted` when nobody listens there, otherwise any free port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
