"""What the webhook door takes in and a worker works through, held against a bare view and against plain rows."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection

from config.bench import load, working
from config.bench.content import Figures, one_row, require
from config.bench.databases import Databases
from config.bench.sizes import Sizes
from config.bench.timing import in_turns, per_second, ratio
from config.demo.processes import Process, Supervisor, free_port

WORKERS, THREADS = 2, 4  # as docs/operating.md starts them, for this machine's two processors
AT_LEAST: Final = {"accept_ratio": 0.6}
AT_MOST: Final = {"accept_p99_ms": 1_000.0}


def measure(sizes: Sizes) -> Figures:
    """Every figure by its name: ratios, or with the unit at the end of the name. Raises WrongContent."""
    with Databases() as databases, tempfile.TemporaryDirectory(prefix="tassel-bench-") as folder:
        databases.make("webhooks")
        found = _accept(sizes, Path(folder), databases.address("webhooks"))
        databases.drop("webhooks")
        databases.make("working")
        return found | working.measure(sizes, Path(folder))


def _accept(sizes: Sizes, folder: Path, database: str) -> Figures:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare_event (id text PRIMARY KEY, type text NOT NULL, body text NOT NULL)")
    sent: list[load.Sent] = []

    def ours(turn: int) -> None:
        sent.append(load.send(web, load.event_bodies(sizes.events, 1_000_000 * turn), secret))

    def theirs(turn: int) -> None:
        load.send(bare, load.event_bodies(sizes.events, 1_000_000 * turn), secret)

    secret = settings.STRIPE_WEBHOOK_SECRETS[0]
    with _servers(folder, database) as (web, bare):
        bare_times, our_times = in_turns(sizes.turns, theirs, ours)
    events = sizes.events * (sizes.turns + 1)
    kept = one_row("SELECT (SELECT count(*) FROM bare_event), (SELECT count(*) FROM payments_stripeevent)")
    require(kept == (events, events), f"of {events} events each, {kept} were kept")
    waits = sorted(wait_s for turn in sent[1:] for wait_s in turn.each_s)
    return {
        "accept_ratio": ratio(bare_times, our_times),
        "accept_p99_ms": waits[len(waits) * 99 // 100] * 1_000,
        "accept_p50_ms": waits[len(waits) // 2] * 1_000,
        "accept_events_per_s": per_second(sizes.events, our_times),
        "bare_events_per_s": per_second(sizes.events, bare_times),
    }


@contextmanager
def _servers(folder: Path, database: str) -> Iterator[tuple[int, int]]:
    """Our web process and the bare one, each with as many workers; their ports."""
    supervisor = Supervisor()
    ports = []
    try:
        for name, application in (("web", "config.wsgi:application"), ("bare", "config.bench.bare:application")):
            ports.append(free_port(0))
            supervisor.start(
                Process(
                    name=name,
                    command=[
                        *(sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{ports[-1]}"),
                        *("--workers", str(WORKERS), "--threads", str(THREADS), "--log-level", "error"),
                    ],
                    log=folder / f"{name}.log",
                    environment=os.environ | {"DATABASE_URL": database},
                )
            )
        for port in ports:
            supervisor.wait_for(f"http://127.0.0.1:{port}/health/live")
        yield ports[0], ports[1]
    finally:
        supervisor.stop()
