from django.apps import AppConfig
from django.core import checks


class LedgerConfig(AppConfig):
    name = "ledger"

    def ready(self) -> None:
        from ledger import (  # noqa: PLC0415 - models must be loaded first
            approval_checks,
            books,
            changes,
            desk_tasks,
            hand_board,
            invariants,
            manual_entries,
            month_checks,
            openings,
            seal_checks,
            summary,
        )
        from ledger.checks import guards_stand  # noqa: PLC0415
        from people import desk, history, sources  # noqa: PLC0415

        sources.register("month", changes.describe_months)
        sources.register("ledger", changes.describe_months)
        sources.register("manual", hand_board.describe_hand_entries)
        sources.register("exception", changes.describe_exceptions)
        history.register(*changes.CHANGES)
        desk.register_counted(*desk_tasks.COUNTED)
        checks.register(guards_stand, checks.Tags.database)
        books.register_open_items("Exceptions that nobody has settled", summary.open_exceptions)
        books.register(*invariants.CHECKS, *seal_checks.CHECKS, *manual_entries.CHECKS, *approval_checks.CHECKS)
        books.register(*openings.CHECKS)
        month_checks.register(*month_checks.CHECKS)
