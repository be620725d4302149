"""The environment, read once and checked: a missing or wrong value stops the start with one clear sentence."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from cryptography.fernet import Fernet

ENVIRONMENTS = ("production", "demo", "test")
CONNECT_TIMEOUT_S = 10  # for each address of the server
MAIL_SCHEMES = ("smtp", "smtp+tls", "smtp+ssl")
BROKER_SCHEMES = ("amqp", "amqps", "redis", "rediss")
CACHE_SCHEMES = ("redis", "rediss")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
DATABASE_SCHEMES = ("postgres", "postgresql", "psql", "pgsql")


class WrongEnvironment(SystemExit):
    """Ends the process with one sentence on standard error and exit code 1."""


_env = environ.Env()


def name() -> str:
    """Which of `production`, `demo` or `test` this process is (TASSEL_ENV, production when unset)."""
    return choice("TASSEL_ENV", "production", ENVIRONMENTS)


def text(key: str, default: str | None = None) -> str:
    """A value that must be there unless `default` is given."""
    value = os.environ.get(key, "").strip()
    if value:
        return value
    if default is None:
        raise WrongEnvironment(f"{key} is not set: see docs/operating.md for what it must hold.")
    return default


def secret(key: str) -> str:
    """A secret of at least 32 characters."""
    value = text(key)
    if len(value) < 32:
        raise WrongEnvironment(f"{key} is too short: use at least 32 random characters.")
    return value


def choice(key: str, default: str, choices: tuple[str, ...]) -> str:
    """One of `choices`."""
    value = text(key, default)
    if value not in choices:
        raise WrongEnvironment(f"{key} is '{value}'; it must be one of {', '.join(choices)}.")
    return value


def web_address(key: str, default: str | None = None) -> str:
    """An http or https address without a trailing slash; empty when the default is empty."""
    value = text(key, default).rstrip("/")
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.hostname or not _has_good_port(value)):
        raise WrongEnvironment(f"{key} is '{value}'; it must be an address such as https://shop.example.org.")
    return value


def server_address(key: str, schemes: tuple[str, ...], default: str = "") -> str:
    """The address of a server that speaks one of `schemes`; empty when the default is empty and nothing is set."""
    value = text(key, default)
    if not value:
        return value
    scheme, found, _ = value.partition("://")
    if not found or scheme not in schemes:
        known = [f"{known}://" for known in schemes]
        problem = f"starts with '{scheme}'" if found else "is no address"
        raise WrongEnvironment(f"{key} {problem}; use {', '.join(known[:-1])} or {known[-1]}.")
    if not _has_good_port(value):
        raise WrongEnvironment(f"{key} cannot be read: its port is no number.")
    return value


def database() -> dict[str, Any]:
    """DATABASE_URL as Django's settings; PostgreSQL only (docs/decisions/0001)."""
    value = text("DATABASE_URL")
    scheme = value.split(":", 1)[0]
    if scheme not in DATABASE_SCHEMES or "//" not in value:
        raise WrongEnvironment(
            f"DATABASE_URL starts with '{scheme}'; Tassel needs PostgreSQL, such as postgres://user@host/name."
        )
    if not _has_good_port(value):
        raise WrongEnvironment("DATABASE_URL cannot be read: its port is no number.")
    settings: dict[str, Any] = _env.db_url_config(value)
    if not settings.get("NAME"):
        raise WrongEnvironment("DATABASE_URL names no database: add it after the last slash.")
    settings["OPTIONS"] = {"connect_timeout": CONNECT_TIMEOUT_S} | settings.get("OPTIONS", {})
    return settings


def mail() -> dict[str, Any]:
    """EMAIL_URL as Django's settings."""
    settings: dict[str, Any] = _env.email_url_config(server_address("EMAIL_URL", MAIL_SCHEMES, "smtp://localhost:25"))
    return settings


def stripe() -> dict[str, Any]:
    """Stripe's key, webhook secrets (several while one is rotated) and the sandbox's address.

    A live key with an API base or a clock file is refused: DESIGN.md sections 1.13 and 6.
    """
    key = text("STRIPE_SECRET_KEY")
    if not key.startswith(("sk_test_", "sk_live_", "rk_test_", "rk_live_")):
        raise WrongEnvironment("STRIPE_SECRET_KEY is no Stripe key: it starts with sk_ or rk_ and test_ or live_.")
    secrets = [part.strip() for part in text("STRIPE_WEBHOOK_SECRET").split(",") if part.strip()]
    if not secrets or not all(part.startswith("whsec_") for part in secrets):
        raise WrongEnvironment("STRIPE_WEBHOOK_SECRET must hold secrets that start with whsec_, comma between.")
    api_base = web_address("STRIPE_API_BASE", "")
    live = "_live_" in key[:9]
    if live and api_base:
        raise WrongEnvironment("STRIPE_SECRET_KEY is a live key, so STRIPE_API_BASE must not be set.")
    if live and text("TASSEL_CLOCK_FILE", ""):
        raise WrongEnvironment("STRIPE_SECRET_KEY is a live key, so TASSEL_CLOCK_FILE must not be set.")
    return {"key": key, "webhook_secrets": secrets, "api_base": api_base, "live": live}


def bank_keys() -> list[str]:
    """The keys that partners' bank numbers are encrypted with, the newest first; none is a way to run too."""
    keys = [part.strip() for part in text("TASSEL_BANK_KEYS", "").split(",") if part.strip()]
    for key in keys:
        try:
            Fernet(key)
        except ValueError as error:
            raise WrongEnvironment(
                "TASSEL_BANK_KEYS holds something that is no Fernet key: docs/operating.md."
            ) from error
    return keys


def fingerprint_keys() -> list[str]:
    """The keys by which bank numbers are recognised without being opened: the first marks, each may recognise.

    What was marked before there was a key of its own was marked with the secret key, which is always the last.
    """
    keys = [part.strip() for part in text("TASSEL_FINGERPRINT_KEYS", "").split(",") if part.strip()]
    if any(len(key) < 32 for key in keys):
        raise WrongEnvironment("A key in TASSEL_FINGERPRINT_KEYS is too short: use at least 32 random characters.")
    return [*keys, secret("TASSEL_SECRET_KEY")]


def proxies() -> int:
    """How many proxies of ours stand before the web process: so many addresses of X-Forwarded-For are believed."""
    value = text("TASSEL_PROXIES", "0")
    if not (value.isascii() and value.isdigit() and int(value) <= 10):
        raise WrongEnvironment(f"TASSEL_PROXIES is '{value}'; it must be a small number, such as 1.")
    return int(value)


def clock_file() -> Path | None:
    """The file that holds the offset of the shared clock, or None for wall time."""
    value = text("TASSEL_CLOCK_FILE", "")
    return Path(value) if value else None


def _has_good_port(address: str) -> bool:
    try:
        urlsplit(address).port  # noqa: B018 - reading it is the check
    except ValueError:
        return False
    return True
