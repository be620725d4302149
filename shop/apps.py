"""The shop: what is registered at start-up."""

from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "shop"

    def ready(self) -> None:
        from ledger import books as ledger_books  # noqa: PLC0415 - models must be loaded first
        from people import desk  # noqa: PLC0415
        from shop import books, desk_tasks  # noqa: PLC0415

        desk.register(desk_tasks.waiting)
        ledger_books.register(*books.CHECKS)
