"""The sandbox's clock: wall time plus an offset that whoever shares the clock file can read."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path


class Clock:
    """Unix seconds, moved forward on demand; the offset is kept in `offset_file` as one integer."""

    def __init__(self, offset_file: Path | None = None) -> None:
        self._file = offset_file
        self._found_offset = offset_file is not None and offset_file.exists()
        self._offset_s = _read(offset_file) if offset_file is not None and self._found_offset else 0
        self._write()

    @property
    def offset_s(self) -> int:
        """Seconds between sandbox time and wall time; negative when the sandbox lies in the past."""
        return self._offset_s

    def now(self) -> int:
        """Sandbox time in unix seconds."""
        return int(time.time()) + self._offset_s

    def set(self, unix_s: int) -> None:
        """Put the clock anywhere, also backwards: only for a sandbox that holds nothing yet."""
        self._offset_s = unix_s - int(time.time())
        self._write()

    def advance_to(self, unix_s: int) -> None:
        """Move forward to `unix_s`; a moment that has passed already leaves the clock as it is."""
        ahead = unix_s - self.now()
        if ahead > 0:
            self._offset_s += ahead
            self._write()

    def restore(self, offset_s: int) -> None:
        """Take a saved offset, unless the clock file found at the start lies further ahead.

        After a kill the file may be newer than the saved state, and time must never run backwards.
        """
        self._offset_s = max(offset_s, self._offset_s) if self._found_offset else offset_s
        self._write()

    def _write(self) -> None:
        if self._file is None:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self._file, str(self._offset_s))


def _read(path: Path) -> int:
    text = path.read_text().strip()
    return int(text) if text else 0


def write_atomically(path: Path, text: str) -> None:
    """Replace `path` in one step, so that a reader sees the old text or the new one, never half of it."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
