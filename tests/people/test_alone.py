"""A long task is done by one worker at a time, and by the next one as soon as the first is done or dead."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from people.alone import one_at_a_time

pytestmark = pytest.mark.django_db(transaction=True)
done: list[str] = []


def elsewhere(work: Callable[[], object]) -> None:
    """Another worker, with a session of its own that ends."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(20)


@one_at_a_time
def count() -> int:
    done.append("count")
    return len(done)


@one_at_a_time
def long_task() -> str:
    elsewhere(lambda: done.append(f"second: {long_task()}"))
    elsewhere(lambda: done.append(f"another task: {count()}"))
    return "whole"


def test_whoever_comes_second_leaves_it_to_the_first() -> None:
    done.clear()

    assert long_task() == "whole"

    assert done == ["second: None", "count", "another task: 2"]
    assert long_task() == "whole", "the turn is given back"


@one_at_a_time
def breaks() -> None:
    raise ZeroDivisionError


@one_at_a_time
def dies() -> str:
    connection.close()
    return "died"


def test_the_turn_ends_with_an_error_and_with_the_session() -> None:
    done.clear()

    for worker in (elsewhere, lambda work: work()):
        worker(lambda: done.append(str(dies())))
        with pytest.raises(ZeroDivisionError):
            breaks()

    assert done == ["died", "died"]
