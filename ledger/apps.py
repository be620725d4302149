from django.apps import AppConfig
from django.core import checks


class LedgerConfig(AppConfig):
    name = "ledger"

    def ready(self) -> None:
        from ledger import books, invariants, manual_entries, seal_checks  # noqa: PLC0415 - models must be loaded first
        from ledger.checks import guards_stand  # noqa: PLC0415

        checks.register(guards_stand, checks.Tags.database)
        books.register(*invariants.CHECKS, *seal_checks.CHECKS, *manual_entries.CHECKS)
