"""Payments: the only package that speaks to Stripe."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "payments"

    def ready(self) -> None:
        from ledger import books as ledger_books  # noqa: PLC0415 - models must be loaded first
        from payments import books, queries  # noqa: PLC0415

        ledger_books.register(*books.CHECKS)
        ledger_books.register_open_items("Processor clearing (1040), paid and not settled", queries.open_items)
