"""`manage.py rotate_bank_keys`: encrypt every bank number with the newest key."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from partners.bank_numbers import NoKeys, NotOpened
from partners.operations.rotate_bank_keys import rotate_bank_keys


class Command(BaseCommand):
    help = "Encrypt every bank number anew with the first key of TASSEL_BANK_KEYS; afterwards the others can go."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            rotated = rotate_bank_keys()
        except (NoKeys, NotOpened) as error:
            raise CommandError(f"Nothing was changed: {error}.") from error
        self.stdout.write(f"Every bank number ({rotated}) is under the newest key.")
