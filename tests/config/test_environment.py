"""A wrong setting stops the start with one sentence on standard error, whatever is started; nothing else is said."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a-secret-word-that-nobody-may-read-in-a-log"
RIGHT = {
    "PATH": os.environ["PATH"],
    "TASSEL_ENV": "production",
    "TASSEL_SECRET_KEY": "k" * 50,
    "TASSEL_BASE_URL": "https://shop.example.org",
    "DATABASE_URL": f"postgres://tassel:{SECRET}@127.0.0.1:1/tassel",
    "STRIPE_SECRET_KEY": "sk_live_123",
    "STRIPE_WEBHOOK_SECRET": "whsec_1",
}
CHECK = ["manage.py", "check"]
PREPARE = ["manage.py", "prepare"]
BOOKS = ["manage.py", "books"]
WEB = ["-m", "gunicorn", "config.wsgi", "--bind", "127.0.0.1:0", "--workers", "1", "--log-level", "critical"]
WORKER = ["-m", "celery", "-A", "config.celery", "worker", "--pool", "solo"]
BEAT = ["-m", "celery", "-A", "config.celery", "beat", "--schedule"]


def start(command: list[str], **changes: str | None) -> tuple[int, str]:
    """Exit code and standard error of a process with these settings; it is ended when it really starts."""
    settings = RIGHT | changes
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", *command],
        cwd=ROOT,
        env={key: value for key, value in settings.items() if value is not None},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        errors = process.communicate(timeout=30)[1]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        pytest.fail(f"{command} started with {changes}: {process.communicate()[1]}")
    return process.returncode, errors.strip()


def test_right_settings_are_right() -> None:
    assert start(CHECK) == (0, "")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"TASSEL_SECRET_KEY": None}, "TASSEL_SECRET_KEY is not set: see docs/operating.md for what it must hold."),
        ({"TASSEL_SECRET_KEY": "short"}, "TASSEL_SECRET_KEY is too short: use at least 32 random characters."),
        (
            {"TASSEL_FINGERPRINT_KEYS": f"{'f' * 40},short"},
            "A key in TASSEL_FINGERPRINT_KEYS is too short: use at least 32 random characters.",
        ),
        ({"TASSEL_PROXIES": "many"}, "TASSEL_PROXIES is 'many'; it must be a small number, such as 1."),
        ({"TASSEL_ENV": "staging"}, "TASSEL_ENV is 'staging'; it must be one of production, demo, test."),
        ({"TASSEL_BASE_URL": None}, "TASSEL_BASE_URL is not set: see docs/operating.md for what it must hold."),
        (
            {"TASSEL_BASE_URL": "shop.example.org"},
            "TASSEL_BASE_URL is 'shop.example.org'; it must be an address such as https://shop.example.org.",
        ),
        (
            {"TASSEL_BASE_URL": "https://shop.example.org:port"},
            "TASSEL_BASE_URL is 'https://shop.example.org:port'; it must be an address such as https://shop.example.org.",
        ),
        ({"DATABASE_URL": None}, "DATABASE_URL is not set: see docs/operating.md for what it must hold."),
        (
            {"DATABASE_URL": "sqlite:///tassel.sqlite3"},
            "DATABASE_URL starts with 'sqlite'; Tassel needs PostgreSQL, such as postgres://user@host/name.",
        ),
        (
            {"DATABASE_URL": "mysql://root@localhost/tassel"},
            "DATABASE_URL starts with 'mysql'; Tassel needs PostgreSQL, such as postgres://user@host/name.",
        ),
        ({"DATABASE_URL": "postgres://host"}, "DATABASE_URL names no database: add it after the last slash."),
        ({"DATABASE_URL": "postgres://host/"}, "DATABASE_URL names no database: add it after the last slash."),
        (
            {"DATABASE_URL": "postgres://host:port/tassel"},
            "DATABASE_URL cannot be read: its port is no number.",
        ),
        (
            {"STRIPE_SECRET_KEY": "pk_live_123"},
            "STRIPE_SECRET_KEY is no Stripe key: it starts with sk_ or rk_ and test_ or live_.",
        ),
        (
            {"STRIPE_WEBHOOK_SECRET": None},
            "STRIPE_WEBHOOK_SECRET is not set: see docs/operating.md for what it must hold.",
        ),
        (
            {"STRIPE_WEBHOOK_SECRET": "whsec_1,secret"},
            "STRIPE_WEBHOOK_SECRET must hold secrets that start with whsec_, comma between.",
        ),
        (
            {"STRIPE_WEBHOOK_SECRET": ","},
            "STRIPE_WEBHOOK_SECRET must hold secrets that start with whsec_, comma between.",
        ),
        (
            {"STRIPE_API_BASE": "http://127.0.0.1:12111"},
            "STRIPE_SECRET_KEY is a live key, so STRIPE_API_BASE must not be set.",
        ),
        (
            {"STRIPE_SECRET_KEY": "rk_live_123", "STRIPE_API_BASE": "http://127.0.0.1:12111"},
            "STRIPE_SECRET_KEY is a live key, so STRIPE_API_BASE must not be set.",
        ),
        (
            {"TASSEL_CLOCK_FILE": "/var/lib/clock"},
            "STRIPE_SECRET_KEY is a live key, so TASSEL_CLOCK_FILE must not be set.",
        ),
        (
            {"STRIPE_SECRET_KEY": "sk_test_1", "STRIPE_API_BASE": "127.0.0.1:12111"},
            "STRIPE_API_BASE is '127.0.0.1:12111'; it must be an address such as https://shop.example.org.",
        ),
        (
            {"EMAIL_URL": "https://mail.example.org"},
            "EMAIL_URL starts with 'https'; use smtp://, smtp+tls:// or smtp+ssl://.",
        ),
        ({"EMAIL_URL": "mail.example.org"}, "EMAIL_URL is no address; use smtp://, smtp+tls:// or smtp+ssl://."),
        ({"EMAIL_URL": "smtp://host:port"}, "EMAIL_URL cannot be read: its port is no number."),
        ({"CACHE_URL": "memcached://host"}, "CACHE_URL starts with 'memcached'; use redis:// or rediss://."),
        (
            {"CELERY_BROKER_URL": "kafka://host"},
            "CELERY_BROKER_URL starts with 'kafka'; use amqp://, amqps://, redis:// or rediss://.",
        ),
        ({"TASSEL_LOG_LEVEL": "LOUD"}, "TASSEL_LOG_LEVEL is 'LOUD'; it must be one of DEBUG, INFO, WARNING, ERROR."),
    ],
    ids=lambda value: "&".join(f"{key}={word}" for key, word in value.items()) if isinstance(value, dict) else "",
)
def test_a_wrong_setting_stops_with_one_sentence(changes: dict[str, str | None], sentence: str) -> None:
    assert start(CHECK, **changes) == (1, sentence)


@pytest.mark.parametrize(
    "changes",
    [
        {"STRIPE_SECRET_KEY": "sk_test_1", "STRIPE_API_BASE": "http://127.0.0.1:12111", "TASSEL_CLOCK_FILE": "/x"},
        {"DATABASE_URL": "postgres://root@//run/postgresql/tassel"},
        {"EMAIL_URL": "smtp+tls://user:word@mail.example.org:587"},
        {"CELERY_BROKER_URL": "amqp://rabbit//", "CACHE_URL": "redis://cache:6379/1"},
        {"TASSEL_BASE_URL": "http://localhost:8000/"},
    ],
    ids=" ".join,
)
def test_other_right_settings(changes: dict[str, str | None]) -> None:
    assert start(CHECK, **changes) == (0, "")


@pytest.mark.parametrize("command", [WEB, WORKER, BEAT, PREPARE], ids=["web", "worker", "beat", "prepare"])
def test_no_process_starts_with_a_wrong_setting(command: list[str]) -> None:
    code, errors = start(
        [*command, "/nonexistent/beat"] if command is BEAT else command, STRIPE_API_BASE="http://127.0.0.1:12111"
    )

    assert code != 0
    assert errors == "STRIPE_SECRET_KEY is a live key, so STRIPE_API_BASE must not be set."


@pytest.mark.parametrize(
    "command", [PREPARE, BOOKS, WEB, WORKER, BEAT], ids=["prepare", "books", "web", "worker", "beat"]
)
def test_an_unreachable_database_stops_every_start(command: list[str], tmp_path: Path) -> None:
    code, errors = start([*command, str(tmp_path / "beat")] if command is BEAT else command)

    assert code != 0
    assert errors.splitlines()[-1] == "The database of DATABASE_URL cannot be reached: Connection refused."
    assert "Traceback" not in errors
    assert SECRET not in errors


def test_a_database_that_does_not_exist_is_named() -> None:
    server, _, _ = os.environ["DATABASE_URL"].rpartition("/")

    code, errors = start(PREPARE, DATABASE_URL=f"{server}/no_such_database")

    assert code == 1
    assert errors == 'The database of DATABASE_URL cannot be reached: database "no_such_database" does not exist.'


def test_a_host_that_nobody_knows_is_named() -> None:
    code, errors = start(PREPARE, DATABASE_URL="postgres://tassel@no-such-host.invalid/tassel")

    assert code == 1
    assert errors.startswith("The database of DATABASE_URL cannot be reached: failed to resolve host 'no-such-host.")
    assert len(errors.splitlines()) == 1
