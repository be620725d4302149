from django.apps import AppConfig


class DonationsConfig(AppConfig):
    name = "donations"

    def ready(self) -> None:
        from donations import (  # noqa: PLC0415 - models must be loaded first
            account_owners,
            books,
            changes,
            desk_tasks,
            discrepancies,
            sources,
        )
        from ledger import discrepancies as kinds  # noqa: PLC0415
        from ledger import owners  # noqa: PLC0415
        from ledger.books import register  # noqa: PLC0415
        from people import desk, history  # noqa: PLC0415
        from people.sources import register as register_source  # noqa: PLC0415

        desk.register(desk_tasks.waiting)
        history.register(*changes.CHANGES)
        register(*books.CHECKS)
        kinds.register(*discrepancies.KINDS)
        register_source("gift", sources.describe_gifts)
        owners.register("fund", account_owners.funds, "Funds", account_owners.funds_named)
        register_source("plan", sources.describe_plans)
        register_source("fund", sources.describe_funds)
