"""`manage.py appoint`: the first persons of an installation get their roles from whoever owns its database."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError

from people import clock
from people.approvers import APPROVING
from people.models import User
from people.operations.appoint import NoSuchRole, appoint
from people.operations.tell_of_role import tell_of_role
from people.queries import local_day


class Command(BaseCommand):
    help = (
        "Give a member of staff roles without a second person: for the first persons of an installation, and when"
        " nobody is left who could approve. After the first approval such a role counts for approvals after 7 days."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("roles", nargs="+", metavar="role", help='such as "finance approver"')

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email=options["email"].strip().lower(), is_staff=True, is_active=True).first()
        if user is None:
            raise CommandError(f"{options['email']} is no member of staff: add them in the console first.")
        for role in options["roles"]:
            try:
                grant = appoint(user=user, role=role, now=clock.now())
            except NoSuchRole as error:
                raise CommandError(str(error)) from None
            except IntegrityError as error:
                raise CommandError(f"{str(error).partition(chr(10))[0]}: use the DATABASE_URL of the owner.") from None
            tell_of_role(
                grant,
                "given",
                f"{user} was appointed {role} by a command on the server.",
                to=APPROVING,
                now=clock.now(),
            )
            assert grant.counts_from is not None
            self.stdout.write(f"{user.email} is {role}; approvals count from {local_day(grant.counts_from)}.")
