"""`manage.py check --database default` fails when a guard of the books is gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from ledger.guards import missing_guards


def guards_stand(
    app_configs: Sequence[AppConfig] | None = None, databases: Sequence[str] | None = None, **options: Any
) -> list[CheckMessage]:
    """One error for each missing guard; none for those whose migration has not been run yet."""
    if not databases or "default" not in databases:
        return []
    applied = {name for app, name in MigrationRecorder(connection).applied_migrations() if app == "ledger"}
    return [
        Error(
            f"the books are not guarded: {guard} is missing or switched off",
            hint="Find out who removed it, then put it back from ledger/migrations/sql.",
            id="ledger.E001",
        )
        for guard in missing_guards(applied)
    ]
