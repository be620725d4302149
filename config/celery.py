"""Celery, the alarm clock: each piece of work is a row, and a sweeper finds what a lost message left behind."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import quote

from celery import Celery
from celery.schedules import crontab
from celery.signals import beat_init, celeryd_init, setup_logging, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.conf import settings
from psycopg.conninfo import make_conninfo

VISIBILITY_TIMEOUT_S = 300
FIRST_TASK = "payments.tasks.process_events"

app = Celery("tassel")


def broker() -> dict[str, Any]:
    """CELERY_BROKER_URL when set, otherwise the database itself (kombu's PostgreSQL transport, plain SQL)."""
    if settings.CELERY_BROKER_URL:
        return {"broker_url": settings.CELERY_BROKER_URL}
    database = settings.DATABASES["default"]
    conninfo = make_conninfo(
        dbname=database["NAME"],
        user=database.get("USER") or None,
        password=database.get("PASSWORD") or None,
        host=database.get("HOST") or None,
        port=database.get("PORT") or None,
    )
    return {
        "broker_url": f"pgmq://localhost/{quote(database['NAME'], safe='')}",
        "broker_transport_options": {
            "conn_string": conninfo,
            "init_extension": False,
            "use_notify": True,
            "polling_interval": 0.1,
            "wait_time_seconds": 0,
            "visibility_timeout": VISIBILITY_TIMEOUT_S,
            "pool_size": 4,
        },
    }


app.conf.update(
    **broker(),
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=500,
    task_time_limit=240,  # below the visibility timeout, so that a task is never run by two workers at once
    broker_connection_retry_on_startup=True,
    broker_connection_timeout=2,
    timezone="UTC",
    beat_schedule_filename=os.environ.get("TASSEL_BEAT_FILE", ".tassel/beat"),
    beat_schedule={
        "sweep payments": {"task": "payments.tasks.sweep", "schedule": 30.0},
        "reconcile payments": {"task": "payments.tasks.reconcile", "schedule": 600.0},
        "list the Stripe balance": {"task": "payments.tasks.list_balance", "schedule": 180.0},
        "check the Stripe balance": {"task": "payments.tasks.check_balance", "schedule": crontab(minute=10, hour=8)},
        "check the webhook endpoint": {"task": "payments.tasks.check_endpoint", "schedule": 60.0},
        "cut old bodies": {"task": "payments.tasks.cut_bodies", "schedule": crontab(minute=41, hour=3)},
        "send transfers": {"task": "partners.tasks.send_transfers", "schedule": 30.0},
        "make partners' accounts": {"task": "partners.tasks.make_accounts", "schedule": 60.0},
        "sweep holds": {"task": "shop.tasks.sweep_holds", "schedule": 60.0},
        "sweep refunds": {"task": "shop.tasks.send_refunds", "schedule": 60.0},
        "sweep gift refunds": {"task": "donations.tasks.send_gift_refunds", "schedule": 60.0},
        "sweep stops": {"task": "donations.tasks.confirm_stops", "schedule": 60.0},
        "ask about silent plans": {"task": "donations.tasks.ask_silent_plans", "schedule": 3600.0},
        "accrue shares net of fees": {"task": "partners.tasks.accrue_waiting", "schedule": 60.0},
        "remind of agreements": {"task": "partners.tasks.remind_of_agreements", "schedule": 3600.0},
        "top up minimums": {"task": "partners.tasks.top_up_minimums", "schedule": 3600.0},
        "sweep documents": {"task": "reports.tasks.render_documents", "schedule": 30.0},
        "match the bank": {"task": "partners.tasks.match_bank", "schedule": 900.0},
        "sweep bank files": {"task": "partners.tasks.work_statements", "schedule": 30.0},
        "seal entries": {"task": "ledger.tasks.seal", "schedule": 10.0},
        "anchor the chain": {"task": "ledger.tasks.anchor", "schedule": 3600.0},
        "tell overdue exceptions": {"task": "ledger.tasks.tell_overdue", "schedule": 3600.0},
        "check the books": {"task": "ledger.tasks.check_books", "schedule": 3600.0},
        "check and close months": {"task": "ledger.tasks.do_month_work", "schedule": 30.0},
        "open months ahead": {"task": "ledger.tasks.look_ahead", "schedule": 3600.0},
        "sweep mails": {"task": "people.tasks.send_mails", "schedule": 30.0},
    },
)
app.autodiscover_tasks()


@celeryd_init.connect
@beat_init.connect
def _reach_the_database(**_: Any) -> None:
    """Worker and beat end with one sentence when there is no database, and leave trying again to their supervisor."""
    from config.database import reach_database  # noqa: PLC0415 - the apps must be loaded first

    reach_database()


@worker_ready.connect
def _begin_with_what_was_left(sender: Any, **signal: Any) -> None:
    """Each of its processes looks for events at once: the message that a dead worker held comes back much later.

    Without it a backlog waits for the next sweep, and is then one process's work alone.
    """
    for _ in range(sender.pool.num_processes):
        app.send_task(FIRST_TASK, ignore_result=True)


@setup_logging.connect
def _use_our_logging(**_: Any) -> None:
    """Django's LOGGING holds for workers too; connecting here keeps Celery from adding its own handlers."""
