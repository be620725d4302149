"""Partners: what is registered at start-up."""

from django.apps import AppConfig


class PartnersConfig(AppConfig):
    name = "partners"

    def ready(self) -> None:
        from ledger import books as ledger_books  # noqa: PLC0415 - models must be loaded first
        from ledger import discrepancies as kinds  # noqa: PLC0415
        from ledger import month_checks, owners  # noqa: PLC0415
        from partners import account_owners, bank_checks, books, changes, desk_tasks, sources  # noqa: PLC0415
        from partners.bank import changes as bank_changes  # noqa: PLC0415
        from partners.bank import discrepancies  # noqa: PLC0415
        from partners.queries import stripe_at_bank  # noqa: PLC0415
        from payments import at_bank  # noqa: PLC0415
        from people import desk, history  # noqa: PLC0415
        from people import sources as references  # noqa: PLC0415

        desk.register(desk_tasks.waiting)
        references.register("payout_batch", changes.describe_batches)
        references.register("agreement", changes.describe_agreements)
        references.register("payout_destination", changes.describe_destinations)
        references.register("ach_file", changes.describe_ach_files)
        history.register(*changes.CHANGES, *bank_changes.CHANGES)
        references.register("partner", sources.describe_partners)
        references.register("payout", sources.describe_payouts)
        references.register("allocation", sources.describe_allocations)
        at_bank.register(stripe_at_bank.seen_at_bank)
        references.register("bank", sources.describe_bank)
        kinds.register(*discrepancies.KINDS)
        ledger_books.register(*bank_checks.CHECKS, *books.CHECKS)
        month_checks.register(*bank_checks.OF_A_MONTH)
        for title, items in bank_checks.OPEN_ITEMS.items():
            ledger_books.register_open_items(title, items)
        owners.register("partner", account_owners.partners, "Partners", account_owners.partners_named)
        owners.register("bank", account_owners.banks, "Bank accounts", account_owners.banks_named)
