"""Idempotency keys as Stripe keeps them for v1: the first answer is replayed, whatever it was, for a day."""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass
from typing import Any

from sandbox.errors import StripeError, invalid
from sandbox.settings import DAY_S

KEY_CHARS_MAX = 255


@dataclass(frozen=True)
class Kept:
    """The first answer to a key: `fingerprint` of the request, `at` in unix seconds of the sandbox's clock."""

    fingerprint: str
    status: int
    body: str
    request_id: str
    at: int


class Keys:
    """Keys in use and answers kept; its own lock, so that a second request sees the first one still running."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, Kept] = {}
        self._running: set[str] = set()

    def begin(self, key: str, fingerprint: str, now: int) -> Kept | None:
        """The answer to replay, or None: then the caller runs the request and calls `end`.

        Raises 400 idempotency_error for other parameters than the first time, 409 while the first request runs.
        """
        if len(key) > KEY_CHARS_MAX:
            raise invalid("The idempotency key must be at most 255 characters long.", param="Idempotency-Key")
        with self._lock:
            self._prune(now)
            kept = self._kept.get(key)
            if kept is not None and kept.fingerprint != fingerprint:
                raise StripeError(400, "idempotency_error", message=_OTHER_PARAMETERS.format(key=key))
            if kept is None:
                if key in self._running:
                    raise StripeError(
                        409, "invalid_request_error", "idempotency_key_in_use", message=_IN_USE.format(key=key)
                    )
                self._running.add(key)
            return kept

    def end(self, key: str, answer: Kept | None) -> None:
        """The request is over; `answer` is None when it was refused before it began, and nothing is kept."""
        with self._lock:
            self._running.discard(key)
            if answer is not None:
                self._kept[key] = answer

    def clear(self) -> None:
        """Forget every answer."""
        with self._lock:
            self._kept.clear()

    def forget(self, before: int) -> int:
        """Drop the answers that were first given before a moment, as Stripe prunes them; returns how many."""
        with self._lock:
            old = [key for key, kept in self._kept.items() if kept.at < before]
            for key in old:
                del self._kept[key]
            return len(old)

    def to_json(self) -> dict[str, Any]:
        """The answers kept."""
        with self._lock:
            return {key: vars(kept) for key, kept in self._kept.items()}

    def load(self, saved: dict[str, Any]) -> None:
        """Take over what `to_json` gave."""
        with self._lock:
            self._kept = {key: Kept(**kept) for key, kept in saved.items()}

    def _prune(self, now: int) -> None:
        while self._kept:
            oldest = next(iter(self._kept))
            if self._kept[oldest].at + DAY_S >= now:
                return
            del self._kept[oldest]


def fingerprint(method: str, path: str, raw: dict[str, Any]) -> str:
    """What must be the same the second time."""
    return hashlib.sha256(json.dumps([method, path, raw], sort_keys=True).encode()).hexdigest()


_OTHER_PARAMETERS = (
    "Keys for idempotent requests can only be used with the same parameters they were first used with. "
    "Try using a key other than '{key}' if you meant to execute a different request."
)
_IN_USE = (
    "There is currently another in-progress request using this Idempotency Key ({key}). "
    "Either wait for it to finish, or use a different key."
)
