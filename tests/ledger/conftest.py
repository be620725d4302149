"""Books with open months around the standing moment of these tests."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.operations.open_months import open_months
from tests.ledger.facts import NOW


@pytest.fixture
def books(db: None) -> None:
    open_months(around=NOW)


@pytest.fixture
def shared_books(transactional_db: Any) -> None:
    """The same, committed, for tests in which several connections meet."""
    open_months(around=NOW)
