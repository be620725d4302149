"""Whatever a journey tells, its books add up in the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.green_books import what_is_wrong


@pytest.fixture(autouse=True)
def green_books(transactional_db: None) -> Iterator[None]:
    yield
    assert what_is_wrong() == []
