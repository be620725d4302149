"""`manage.py database_roles`: the application's role in the database, with what it may do and nothing else."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection, transaction

SQL: Final = Path(__file__).parents[2] / "database_roles.sql"
ROLE: Final = "tassel_app"
_NAME: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")


class Command(BaseCommand):
    help = "Make the role of the web and worker processes, which can add to the books and change nothing in them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("role", nargs="?", default=ROLE, help="its name (default: %(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:
        role = options["role"]
        if not _NAME.fullmatch(role):
            raise CommandError(f"{role!r} is not a name for a role: small letters, digits and _.")
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT set_config('tassel.application_role', %s, true)", [role])
                cursor.execute(SQL.read_text())
        except DatabaseError as error:
            raise CommandError(f"The role was not made: {str(error).partition(chr(10))[0]}") from None
        self.stdout.write(f"The role {role} can add to the books and change nothing in them.")
