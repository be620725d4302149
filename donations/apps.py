from django.apps import AppConfig


class DonationsConfig(AppConfig):
    name = "donations"

    def ready(self) -> None:
        from donations import books, sources  # noqa: PLC0415 - models must be loaded first
        from ledger.books import register  # noqa: PLC0415
        from partners.sources import register as register_source  # noqa: PLC0415

        register(*books.CHECKS)
        register_source("gift", sources.describe_gifts)
