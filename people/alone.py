"""A task that may take longer than its message stays hidden is not done by two workers at once.

The broker gives a message again to somebody else after a while (config/celery.py), whether or not the first is still at
it. Whoever comes second leaves the work to the first, and a worker that dies lets go with its session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Final, TypeVar

import structlog
from django.db import connection

MARK: Final = "runs_alone"
log = structlog.get_logger(__name__)
T = TypeVar("T")


def one_at_a_time(work: Callable[[], T]) -> Callable[[], T | None]:
    """`work` is left undone, and None returned, while another session does it. For the function under a task."""
    name = f"alone:{work.__module__}.{work.__name__}"

    @wraps(work)
    def alone() -> T | None:
        with _turn(name) as mine:
            if mine:
                return work()
        log.info("somebody_is_at_it", work=name)
        return None

    setattr(alone, MARK, True)
    return alone


@contextmanager
def _turn(name: str) -> Iterator[bool]:
    """A lock of the session, not of a transaction: such work commits as it goes. Two of one session never wait."""
    mine = _asked("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", name)
    try:
        yield mine
    finally:
        if mine and connection.connection is not None:
            _asked("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", name)


def _asked(question: str, name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(question, [name])
        return bool(cursor.fetchone()[0])
