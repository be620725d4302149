"""The whole first catalogue, as the demo has it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from config import catalogue
from ledger.operations.open_months import open_months
from people.models import User
from tests.roles import give

NOW = datetime(2026, 10, 20, 17, 0, tzinfo=UTC)


def load() -> None:
    """The catalogue file, in force for 2026."""
    staff = [
        User.objects.get_or_create(email=email, defaults={"is_staff": True})[0]
        for email in ("petra@tassel.example", "anton@tassel.example")
    ]
    give(staff[1], "finance approver")
    catalogue.load(
        catalogue.read(),
        starts_on=date(2026, 1, 1),
        ends_on=date(2026, 12, 31),
        campaign_month="2026-10",
        prepared_by=staff[0],
        approved_by=staff[1],
        now=NOW,
    )


@pytest.fixture
def shelf(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("people.clock.now", lambda: NOW)
    open_months(around=NOW)
    load()
