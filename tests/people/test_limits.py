"""Attempts are counted once for all processes and for the whole hour, also when they come at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection

from people.limits import count_attempt

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def attempt(who: str = "ada@example.org", at: datetime = NOON) -> int:
    return count_attempt(what="test", who=who, now=at)


def test_each_is_counted_by_itself() -> None:
    assert [attempt(), attempt(), attempt("bea@example.org")] == [1, 2, 1]
    assert attempt(at=NOON + timedelta(hours=1)) == 1


def test_waiting_a_few_minutes_forgets_nothing() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        attempt()
        attempt()
        clock.shift(timedelta(minutes=50))

        assert attempt() == 3


def test_attempts_at_once_are_all_counted() -> None:
    gate = threading.Barrier(8)

    def rival(_: int) -> int:
        try:
            gate.wait(timeout=20)
            return attempt()
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(rival, range(8))) == list(range(1, 9))


def test_nobodys_address_lies_in_the_cache() -> None:
    attempt()

    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key FROM cache WHERE cache_key LIKE '%%limit:test:%%'")
        keys = [key for (key,) in cursor.fetchall()]
    assert len(keys) == 1
    assert "ada" not in keys[0]


def test_strangers_do_not_push_a_count_out() -> None:
    attempt()
    for number in range(320):
        attempt(f"stranger{number}@example.org")

    assert attempt() == 2
