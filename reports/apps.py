"""Reports: what is registered at start-up."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "reports"

    def ready(self) -> None:
        from ledger import books as ledger_books  # noqa: PLC0415 - models must be loaded first
        from ledger import month_board  # noqa: PLC0415
        from people import desk, history, sources  # noqa: PLC0415
        from reports import books, changes, desk_tasks, queries  # noqa: PLC0415

        desk.register(desk_tasks.waiting)
        history.register(*changes.CHANGES)
        sources.register("document", changes.describe_documents)
        month_board.register_result(queries.statements_of_month)
        ledger_books.register(*(ledger_books.Check("L13", name, check) for name, check in books.CHECKS.items()))
