"""Payments: the only package that speaks to Stripe."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "payments"

    def ready(self) -> None:
        from ledger import books as ledger_books  # noqa: PLC0415 - models must be loaded first
        from ledger import discrepancies as kinds  # noqa: PLC0415
        from payments import books, desk_tasks, discrepancies, queries  # noqa: PLC0415
        from payments.sources import describe_accounts, describe_stripe  # noqa: PLC0415
        from people import desk  # noqa: PLC0415
        from people import sources as references  # noqa: PLC0415

        desk.register_counted(*desk_tasks.COUNTED)
        references.register("stripe", describe_stripe)
        references.register("account", describe_accounts)
        kinds.register(*discrepancies.KINDS)
        ledger_books.register(*books.CHECKS)
        ledger_books.register_open_items("Processor clearing (1040), paid and not settled", queries.open_items)
