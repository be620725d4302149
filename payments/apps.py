"""Payments: the only package that speaks to Stripe."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "payments"

    def ready(self) -> None:
        from ledger import books  # noqa: PLC0415 - models must be loaded first
        from payments.queries import balance_transactions_not_booked  # noqa: PLC0415

        books.register("each balance transaction has its entry", balance_transactions_not_booked)
