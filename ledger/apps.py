from django.apps import AppConfig
from django.core import checks


class LedgerConfig(AppConfig):
    name = "ledger"

    def ready(self) -> None:
        from ledger import invariants, manual_entries  # noqa: PLC0415 - models must be loaded first
        from ledger.checks import guards_stand  # noqa: PLC0415

        checks.register(guards_stand, checks.Tags.database)
        invariants.register()
        manual_entries.register()
