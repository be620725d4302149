"""One wake-up per burst: the first row of a burst tells a worker that work waits, the rest rely on it.

Publishing never fails a request, because the sweepers of config/celery.py find every row by themselves; a wake-up
only makes it sooner.
"""

from __future__ import annotations

from datetime import timedelta

import structlog
from celery import current_app
from django.db import connection, transaction

from people import clock
from people.models import WakeUp

STALE_AFTER = timedelta(seconds=10)  # a wake-up that nobody answered in this time was lost
log = structlog.get_logger(__name__)


def wake(task_name: str) -> None:
    """Once the transaction commits, publish `task_name` unless a worker has been told already."""
    transaction.on_commit(lambda: _publish_once(task_name), robust=True)


def woken(task_name: str) -> None:
    """What a task calls first: rows that come from now on want a wake-up of their own."""
    WakeUp.objects.filter(task=task_name, pending_since__isnull=False).update(pending_since=None)


def _publish_once(task_name: str) -> None:
    if not _claim(task_name):
        return
    try:
        current_app.send_task(task_name, ignore_result=True, retry=False)
    except Exception:  # whatever the broker's trouble is, the sweeper will find the row
        log.warning("wake_up_not_published", task=task_name, exc_info=True)


def _claim(task_name: str) -> bool:
    """Whether this caller is the one who publishes: nobody has, or the last wake-up went unanswered.

    Within a burst this is one read. A worker takes the mark away before it looks for work, so whoever still sees the
    mark has committed his row in time for that look.
    """
    now = clock.wall_now()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM people_wakeup WHERE task = %s AND pending_since >= %s", [task_name, now - STALE_AFTER]
        )
        if cursor.fetchone() is not None:
            return False
        cursor.execute(
            "INSERT INTO people_wakeup AS w (task, pending_since) VALUES (%s, %s)"
            " ON CONFLICT (task) DO UPDATE SET pending_since = excluded.pending_since"
            " WHERE w.pending_since IS NULL OR w.pending_since < %s",
            [task_name, now, now - STALE_AFTER],
        )
        return bool(cursor.rowcount == 1)
