"""The finished demo is kept as a template database and copied folders, so that the second start takes seconds."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import psycopg
from django.conf import settings
from psycopg import sql
from psycopg.conninfo import make_conninfo

from config.demo.places import ROOT, Places

PLAY_DEPENDS_ON = ("config", "reports", "shop", "donations", "partners", "payments", "ledger", "people", "sandbox")


def fingerprint() -> str:
    """Changes whenever code does that a play runs through: an old play never meets new tables."""
    digest = hashlib.sha256()
    for package in PLAY_DEPENDS_ON:
        for path in sorted((ROOT / package).rglob("*")):
            if path.suffix in {".py", ".json", ".html", ".txt", ".css", ".sql"} and path.is_file():
                digest.update(str(path.relative_to(ROOT)).encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def is_saved(places: Places) -> bool:
    """Whether a finished play of this very code lies ready."""
    mark = places.saved / "fingerprint"
    return mark.is_file() and mark.read_text() == fingerprint()


def save(places: Places) -> None:
    """Keep database, Stripe's state and documents; nothing of ours may be connected."""
    _forget(places)
    _copy_database(source=_name(), target=_template())
    places.saved.mkdir(parents=True)
    for folder in (places.sandbox_state, places.documents):
        if folder.exists():
            shutil.copytree(folder, places.saved / folder.name)
    (places.saved / "fingerprint").write_text(fingerprint())  # last, so that half a save counts as none


def restore(places: Places) -> None:
    """Put the kept play in the place of whatever was there."""
    _copy_database(source=_template(), target=_name())
    for folder in (places.sandbox_state, places.documents):
        _replace(folder, places.saved / folder.name)


def clear(places: Places) -> None:
    """An empty stage: no database of the demo, no state, no documents."""
    _forget(places)
    with _maintenance() as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(_name())))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_name())))
    for folder in (places.sandbox_state, places.documents):
        shutil.rmtree(folder, ignore_errors=True)
    places.clock_file.unlink(missing_ok=True)


def _forget(places: Places) -> None:
    shutil.rmtree(places.saved, ignore_errors=True)
    with _maintenance() as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(_template())))


def _replace(folder: Path, kept: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if kept.exists():
        shutil.copytree(kept, folder)


def _copy_database(*, source: str, target: str) -> None:
    """Whatever a process of ours that was killed had the server do ends first, because it would bar the copy."""
    with _maintenance() as connection:
        connection.execute("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s", [source])
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(target)))
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(target), sql.Identifier(source))
        )


def _name() -> str:
    return str(settings.DATABASES["default"]["NAME"])


def _template() -> str:
    return f"{_name()}_played"


def _maintenance() -> psycopg.Connection[tuple[object, ...]]:
    """A connection to the server's own database: the demo's is dropped and made through it."""
    database = settings.DATABASES["default"]
    conninfo = make_conninfo(
        dbname="postgres",
        user=database.get("USER") or None,
        password=database.get("PASSWORD") or None,
        host=database.get("HOST") or None,
        port=database.get("PORT") or None,
    )
    return psycopg.connect(conninfo, autocommit=True)
