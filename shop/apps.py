"""The shop: what is registered at start-up."""

from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "shop"

    def ready(self) -> None:
        from ledger import books as ledger_books  # noqa: PLC0415 - models must be loaded first
        from people import desk, history  # noqa: PLC0415
        from people import sources as references  # noqa: PLC0415
        from shop import books, changes, desk_tasks, sources  # noqa: PLC0415

        desk.register(desk_tasks.waiting)
        history.register(*changes.CHANGES)
        references.register("order", sources.describe_orders)
        ledger_books.register(*books.CHECKS)
