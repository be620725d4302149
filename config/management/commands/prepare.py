"""`manage.py prepare`: everything a fresh or upgraded database needs besides its tables. Safe to run again."""

from __future__ import annotations

from typing import Any

import pgmq
import psycopg
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection

from config.celery import broker
from config.roles import lay_roles
from ledger.operations.open_months import open_months
from people import clock
from people.models import Organisation


class Command(BaseCommand):
    help = "Migrate, make the shared cache, the queue, the months of the ledger and the roles. Safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        if not settings.CELERY_BROKER_URL:
            _install_queue()
        open_months(around=clock.now().date())
        Organisation.objects.get_or_create(pk=1, defaults={"display_name": "Your organisation"})
        lay_roles()
        self.stdout.write("The database is ready.")


def _install_queue() -> None:
    """The tables and functions of kombu's PostgreSQL transport: plain SQL, no extension."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('pgmq.meta') IS NOT NULL")
        if cursor.fetchone()[0]:
            return
    with psycopg.connect(broker()["broker_transport_options"]["conn_string"]) as queue:
        pgmq.install_pgmq_from_sql(conn=queue)
