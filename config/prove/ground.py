"""What a proof runs on: a database, a local Stripe and all of Tassel's processes, of this run alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import psycopg
import requests
from psycopg import sql
from psycopg.conninfo import make_conninfo

from config import environment
from config.demo.places import Places
from config.demo.processes import Process, Supervisor, free_port

WEB_WORKERS, WEB_THREADS, WORKERS = 2, 4, 2
ANSWER_S: Final = 30
ACCESS_LOG: Final = "%(m)s %(U)s %(s)s %(D)s"  # the last one in microseconds


@contextmanager
def own_database() -> Iterator[None]:
    """An empty database on the server of DATABASE_URL, which names it meanwhile; dropped at the end."""
    server, name = os.environ["DATABASE_URL"], f"tassel_prove_{os.getpid()}"
    address, mark, query = server.partition("?")
    _order("CREATE DATABASE {}", name)
    os.environ["DATABASE_URL"] = f"{address.rpartition('/')[0]}/{name}{mark}{query}"
    try:
        yield
    finally:
        os.environ["DATABASE_URL"] = server
        _order("DROP DATABASE {} WITH (FORCE)", name)


def _order(order: str, name: str) -> None:
    server = environment.database()
    conninfo = make_conninfo(
        host=server.get("HOST") or None,
        port=server.get("PORT") or None,
        user=server.get("USER") or None,
        password=server.get("PASSWORD") or None,
        dbname=server["NAME"],
    )
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(sql.SQL(order).format(sql.Identifier(name)))


class Stage:
    """The processes. Each reads the environment as it is when it starts; `stop` ends them all."""

    def __init__(self, folder: Path) -> None:
        # Not the demo's ports: two proofs that start together would both find them free.
        self.places = Places(folder, free_port(0), free_port(0), free_port(0))
        os.environ.update(self.places.environment())
        self.supervisor = Supervisor()

    def start_stripe(self, *, at: datetime) -> None:
        """A local Stripe whose clock, shared with everybody, stands at a moment; it sends nothing yet."""
        places = self.places
        places.sandbox_state.mkdir(parents=True, exist_ok=True)
        ports = ("--port", str(places.sandbox_port), "--smtp-port", str(places.smtp_port))
        kept = ("--state", str(places.sandbox_state), "--clock-file", str(places.clock_file))
        self.supervisor.start(self._process("sandbox", "sandbox", *ports, *kept, "--start-at", at.isoformat()))
        self.supervisor.wait_for(f"{places.sandbox}/_sandbox/health")

    def register_webhook(self, types: list[str]) -> None:
        """Have Stripe send these types to our door, and learn the secret that it signs them with, as operators do."""
        answer = requests.post(
            f"{self.places.sandbox}/v1/webhook_endpoints",
            data={"url": f"{self.places.web}/stripe/webhook", "enabled_events[]": types},
            headers={"Authorization": f"Bearer {os.environ['STRIPE_SECRET_KEY']}"},
            timeout=ANSWER_S,
        )
        answer.raise_for_status()
        os.environ["STRIPE_WEBHOOK_SECRET"] = answer.json()["secret"]

    def start_product(self) -> None:
        """Web and beat; the worker is started by whoever may kill it."""
        size = ("--workers", str(WEB_WORKERS), "--threads", str(WEB_THREADS), "--no-control-socket")
        log = ("--access-logfile", str(self.access_log), "--access-logformat", ACCESS_LOG, "--log-level", "error")
        bind = ("--bind", f"127.0.0.1:{self.places.web_port}")
        self.supervisor.start(self._process("web", "gunicorn", "config.wsgi", *bind, *size, *log))
        self.supervisor.start(self._process("beat", "celery", "-A", "config.celery", "beat", "--loglevel", "WARNING"))
        self.supervisor.wait_for(f"{self.places.web}/health/live")

    def worker(self, number: int) -> Process:
        """The worker in its `number`th life, with a log of its own."""
        command = ("celery", "-A", "config.celery", "worker", "--concurrency", str(WORKERS), "--loglevel", "INFO")
        return self._process(f"worker-{number}", *command, "--without-gossip", "--without-mingle")

    @property
    def access_log(self) -> Path:
        return self.places.folder / "logs" / "access.log"

    def stop(self) -> None:
        self.supervisor.stop()

    def _process(self, name: str, *arguments: str) -> Process:
        log = self.places.folder / "logs" / f"{name}.log"
        return Process(name, [sys.executable, "-m", *arguments], log, dict(os.environ))
