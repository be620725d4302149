"""The stage of a browser test: catalogue, staff, live server, sandbox, worker, and people with browsers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from playwright.sync_api import Browser
from pytest_django import Settings

from config.celery import app, broker
from config.demo import ground
from config.demo.ground import Staff
from tests.browser.person import Person
from tests.browser.worker import Worker
from tests.green_books import what_is_wrong
from tests.local_stripe import LocalStripe


@pytest.fixture(autouse=True)
def green_books(transactional_db: None) -> Iterator[None]:
    """However a path ends, the books add up; the worker has been stopped by then."""
    yield
    assert what_is_wrong() == []


@pytest.fixture
def stage(webhooks: LocalStripe, transactional_db: None) -> LocalStripe:
    """Everything that stands before the first visitor comes."""
    call_command("prepare")
    cache.clear()
    ground.lay()
    return webhooks


@pytest.fixture
def worker(stage: LocalStripe, live_server: Any, settings: Settings, tmp_path: Path) -> Iterator[Worker]:
    with queue_of_the_test_database():
        running = Worker(folder=tmp_path, stripe=stage, web=live_server.url, documents=settings.DOCUMENT_ROOT)
        yield running
        running.stop()


@contextmanager
def queue_of_the_test_database() -> Iterator[None]:
    """What the live server wakes must reach the queue that the worker listens to, not that of DATABASE_URL."""
    usual = {"broker_url": app.conf.broker_url, "broker_transport_options": app.conf.broker_transport_options}
    for wanted in (broker(), usual):
        app.pool.force_close_all()
        app.conf.update(wanted)
        app._pool = app.amqp._producer_pool = None
        if wanted is not usual:
            yield


@pytest.fixture
def team(stage: LocalStripe) -> list[Staff]:
    return ground.team()


@pytest.fixture
def person(browser: Browser, live_server: Any, stage: LocalStripe) -> Iterator[Any]:
    """`person(phone=True)`: somebody with a browser of their own."""
    people: list[Person] = []

    def come(*, phone: bool = False) -> Person:
        people.append(Person(browser, live_server.url, stage, phone=phone))
        return people[-1]

    yield come
    for one in people:
        one.leave()
