"""`manage.py show_entry ENTRY`: an entry as its rows stand now beside the hash it was posted with."""

from __future__ import annotations

from argparse import ArgumentParser
from hashlib import sha256
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ledger.contents import contents_of


class Command(BaseCommand):
    help = "Print an entry as its rows stand now, their hash, and the hash it was posted with."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("entry", type=int, help="its number, as the alarm and the books name it")

    def handle(self, *args: Any, **options: Any) -> None:
        found = contents_of([options["entry"]])
        if not found:
            raise CommandError(f"There is no entry {options['entry']}.")
        [content] = found
        self.stdout.write(content.canonical.decode())
        self.stdout.write(f"hash of these rows: {sha256(content.canonical).hexdigest()}")
        self.stdout.write(f"hash as posted:     {content.content_hash.hex()}")
