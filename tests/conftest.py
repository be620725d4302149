"""What every test stands on: a closed network, a database whose guards let go between tests, Stripe, a browser."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.conf import settings
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import Client
from pytest_django import DjangoDbBlocker, Settings

from tests.closed_network import closed_network
from tests.local_stripe import LocalStripe

WEBHOOK_PATH = "/stripe/webhook"
WEBHOOK_SECRET = "whsec_sandbox"
# What a flush would have Django lay again, the same each time; and the rows that a migration laid, which nothing lays
# again. A test that changes one of those inside a real transaction puts it back itself.
LAID_BY_DJANGO = ("django_content_type", "auth_permission")
LAID_BY_MIGRATIONS = ("partners_staterule",)


def pytest_configure(config: pytest.Config) -> None:
    # Playwright keeps an event loop in the main thread, and Django then refuses the ORM there.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    if not config.getoption("liveserver"):
        # Known before the server starts, because the sandbox is told where to send webhooks.
        config.option.liveserver = f"localhost:{_free_port()}"


def pytest_unconfigure() -> None:
    """Remove the documents here: a worker of pytest-xdist ends without Python's own clearing up."""
    shutil.rmtree(settings.DOCUMENT_ROOT, ignore_errors=True)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: from the first one on, Playwright's event loop occupies the main thread."""
    items.sort(key=lambda item: "playwright" in getattr(item, "fixturenames", ()))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session", autouse=True)
def network() -> Iterator[None]:
    """Nothing leaves this machine."""
    with closed_network():
        yield


@pytest.fixture(scope="session", autouse=True)
def flush_past_guards() -> Iterator[None]:
    """Let Django empty guarded tables after a transactional test; the test role is a superuser.

    Only what holds rows is emptied, and by DELETE: TRUNCATE makes new files for each of a hundred tables, a quarter
    of a second each time.
    """

    def sql_flush(
        self: DatabaseOperations, style: Any, tables: Iterable[str], *, reset_sequences: bool = False, **_: Any
    ) -> list[str]:
        assert not reset_sequences, "no test counts on the first id being 1"
        asked = " UNION ALL ".join(
            f"(SELECT '{table}' FROM {self.quote_name(table)} LIMIT 1)"
            for table in tables
            if table not in LAID_BY_DJANGO + LAID_BY_MIGRATIONS
        )
        with self.connection.cursor() as cursor:
            cursor.execute(asked)
            full = [table for (table,) in cursor.fetchall()]
        order = ["SET LOCAL session_replication_role = replica"] if full else []
        return order + [f"DELETE FROM {self.quote_name(table)}" for table in full]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", sql_flush)
        yield


@pytest.fixture(scope="session", autouse=True)
def signed_in_a_moment_ago() -> Iterator[None]:
    """`force_login` stands for a whole sign-in: who has a second factor has just shown it."""

    def force_login(self: Client, user: Any, backend: str | None = None) -> None:
        short_cut(self, user, backend)
        session = self.session
        session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "mfa", "at": time.time(), "type": "totp"}]
        session[f"{AUTHENTICATION_METHODS_SESSION_KEY}_user"] = str(user.pk)
        session.save()

    short_cut = Client.force_login
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "force_login", force_login)
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """End the sessions that server threads and queues left open, so that the test database can be removed."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(scope="session")
def sandbox_process(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStripe]:
    """One sandbox for each worker, told to send its webhooks to this worker's live server."""
    address = f"http://{request.config.getoption('liveserver')}{WEBHOOK_PATH}"
    process = LocalStripe(folder=tmp_path_factory.mktemp("sandbox"), webhook_url=address, webhook_secret=WEBHOOK_SECRET)
    yield process
    process.stop()


@pytest.fixture
def sandbox(sandbox_process: LocalStripe, settings: Settings) -> LocalStripe:
    """An empty local Stripe that the product talks to, shares its clock with and sends its mail to.

    It holds webhooks back; `webhooks` lets them through to a live server.
    """
    sandbox_process.reset()
    settings.STRIPE_API_BASE = sandbox_process.url
    settings.STRIPE_SECRET_KEY = "sk_test_sandbox"
    settings.STRIPE_WEBHOOK_SECRETS = [WEBHOOK_SECRET]
    settings.CLOCK_FILE = sandbox_process.clock_file
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sandbox_process.smtp_port
    policy = settings.CONTENT_SECURITY_POLICY
    directives = policy["DIRECTIVES"] | {"form-action": [*policy["DIRECTIVES"]["form-action"], sandbox_process.url]}
    settings.CONTENT_SECURITY_POLICY = policy | {"DIRECTIVES": directives}
    return sandbox_process


@pytest.fixture
def webhooks(sandbox: LocalStripe, live_server: Any, settings: Settings) -> Iterator[LocalStripe]:
    """The sandbox with its webhooks delivered to a live server, as in the demo."""
    settings.BASE_URL = live_server.url
    sandbox.resume_webhooks()
    yield sandbox
    sandbox.pause_webhooks()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium, which can find no other machine by name."""
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.fail("Chromium is not installed: run scripts/setup --dev.", pytrace=False)
    arguments = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    return {**browser_type_launch_args, "executable_path": program, "args": arguments}
