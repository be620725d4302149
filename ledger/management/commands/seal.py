"""`manage.py seal`: seal what is committed, now instead of at the next turn of the beat."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ledger.operations.seal_entries import ContentMismatch, seal_all


class Command(BaseCommand):
    help = "Seal every committed entry now. The worker does this by itself every ten seconds."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            through = seal_all()
        except ContentMismatch as mismatch:
            raise CommandError(
                f"{mismatch}: it was changed past the guards. Nothing of its batch was sealed."
            ) from None
        self.stdout.write(f"Sealed through {through}.")
