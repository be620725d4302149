"""The alarm clock's own settings: which broker, what a lost worker costs, what a message may be."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from celery import Celery
from celery.signals import worker_ready
from kombu.exceptions import ContentDisallowed, OperationalError
from kombu.serialization import dumps, loads
from psycopg.conninfo import conninfo_to_dict

from config.celery import FIRST_TASK, VISIBILITY_TIMEOUT_S, app, broker
from ledger.seal_checks import LONGEST_TRANSACTION_S
from payments import tasks as payments_tasks
from people import alone
from reports import tasks as reports_tasks

ROOT = Path(__file__).resolve().parents[2]
TOO_LONG_S = 10


def test_the_default_broker_is_the_database_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    place = {
        "NAME": "tassel prod",
        "USER": "tassel",
        "PASSWORD": "it's 'secret'",
        "HOST": "db.example.org",
        "PORT": 5433,
    }
    given = SimpleNamespace(CELERY_BROKER_URL="", DATABASES={"default": place})
    monkeypatch.setattr("config.celery.settings", given)

    found = broker()

    assert found["broker_url"].startswith("pgmq://")
    options = found["broker_transport_options"]
    assert conninfo_to_dict(options["conn_string"]) == {
        "dbname": "tassel prod",
        "user": "tassel",
        "password": "it's 'secret'",
        "host": "db.example.org",
        "port": "5433",
    }
    assert options["init_extension"] is False, "plain SQL only: no extension is asked of the server"


@pytest.mark.parametrize("address", ["amqp://rabbit//", "redis://cache:6379/0"])
def test_another_broker_wins(address: str, settings: Any) -> None:
    settings.CELERY_BROKER_URL = address

    assert broker() == {"broker_url": address}


def test_a_worker_really_takes_it() -> None:
    program = "from config.celery import app; print(app.connection().as_uri(), app.conf.broker_transport_options)"

    said = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | {"CELERY_BROKER_URL": "amqp://rabbit.example.org//"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert said.stdout.strip() == "amqp://guest:**@rabbit.example.org:5672// {}"


class Consumer:
    """As much of Celery's as tells how many processes a worker has."""

    pool = SimpleNamespace(num_processes=2)


def test_a_worker_that_starts_looks_for_events_with_each_of_its_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    monkeypatch.setattr(app, "send_task", lambda name, **_: sent.append(name))

    worker_ready.send(sender=Consumer())

    assert sent == [payments_tasks.process_events.name] * 2 == [FIRST_TASK] * 2


def test_a_task_that_a_lost_worker_held_comes_back() -> None:
    assert app.conf.task_acks_late is True
    assert app.conf.task_reject_on_worker_lost is True
    assert app.conf.worker_prefetch_multiplier == 1


LEASED = {"ledger.tasks.do_month_work", "partners.tasks.work_statements"}  # a row's lease keeps each piece single


def test_no_task_is_run_by_two_workers_because_it_takes_long() -> None:
    app.loader.import_default_modules()
    ours = {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}

    long = {
        name for name, task in ours.items() if (task.time_limit or app.conf.task_time_limit) >= VISIBILITY_TIMEOUT_S
    }

    assert app.conf.task_time_limit < VISIBILITY_TIMEOUT_S
    assert {name for name in long if not getattr(ours[name].run, alone.MARK, False)} == LEASED
    assert long >= {"payments.tasks.check_balance", "ledger.tasks.check_books", "partners.tasks.match_bank"}
    assert max(reports_tasks.WORK_FOR_S, payments_tasks.WORK_FOR_S) * 2 < app.conf.task_time_limit


def test_no_posting_takes_longer_than_the_books_allow_before_they_miss_its_seal() -> None:
    assert app.conf.task_time_limit <= LONGEST_TRANSACTION_S


def test_workers_are_renewed_and_keep_no_results() -> None:
    assert 0 < app.conf.worker_max_tasks_per_child <= 1000
    assert app.conf.task_ignore_result is True
    assert app.conf.result_backend in (None, "disabled")


def test_only_json_is_accepted() -> None:
    assert (app.conf.accept_content, app.conf.task_serializer) == (["json"], "json")
    content_type, encoding, body = dumps({"key": "value"}, serializer="pickle")

    with pytest.raises(ContentDisallowed):
        loads(body, content_type, encoding, accept=app.conf.accept_content)


def test_every_scheduled_task_comes_often_and_by_its_name() -> None:
    app.loader.import_default_modules()

    schedule = {entry["task"]: entry["schedule"] for entry in app.conf.beat_schedule.values()}
    assert set(schedule) >= {
        "payments.tasks.sweep",
        "payments.tasks.list_balance",
        "payments.tasks.check_balance",
        "payments.tasks.reconcile",
        "donations.tasks.ask_silent_plans",
        "payments.tasks.cut_bodies",
        "shop.tasks.sweep_holds",
        "donations.tasks.confirm_stops",
        "reports.tasks.render_documents",
        "people.tasks.send_mails",
        "ledger.tasks.seal",
        "ledger.tasks.anchor",
        "ledger.tasks.check_books",
        "ledger.tasks.look_ahead",
        "ledger.tasks.tell_overdue",
    }
    assert set(schedule) <= set(app.tasks)
    assert schedule["payments.tasks.sweep"] <= 30, "an event whose worker died is finished within two minutes"


@pytest.mark.parametrize("address", ["amqp://guest@127.0.0.1:1//", "redis://127.0.0.1:1/0"])
def test_a_broker_that_is_away_is_given_up_soon(address: str) -> None:
    away = Celery("away", broker=address, set_as_current=False)
    away.conf.broker_connection_timeout = app.conf.broker_connection_timeout
    began = time.monotonic()

    with pytest.raises(OperationalError):
        away.send_task("people.tasks.send_mails", ignore_result=True, retry=False)

    assert time.monotonic() - began < TOO_LONG_S
