"""A real Celery worker and its beat on the test's database and broker: nothing is called by hand."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.db import connection

from tests.local_stripe import ROOT, LocalStripe

READY_S = 40


class Worker:
    """Worker and beat in one process of their own, with the sandbox's clock and mail."""

    def __init__(self, *, folder: Path, stripe: LocalStripe, web: str, documents: str) -> None:
        self.log = folder / "worker.log"
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "celery", "-A", "config.celery", "worker", "--beat", "--concurrency", "1"),
                *("--schedule", str(folder / "beat"), "--loglevel", "INFO", "--without-gossip", "--without-mingle"),
            ],
            cwd=ROOT,
            env=dict(os.environ)
            | {
                "DATABASE_URL": _test_database(),
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "STRIPE_API_BASE": stripe.url,
                "TASSEL_BASE_URL": web,
                "TASSEL_CLOCK_FILE": str(stripe.clock_file),
                "TASSEL_DOCUMENT_ROOT": documents,
                "EMAIL_URL": f"smtp://127.0.0.1:{stripe.smtp_port}",
            },
            stdin=subprocess.DEVNULL,
            stdout=self.log.open("w"),
            stderr=subprocess.STDOUT,
        )
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + READY_S
        while " ready." not in self.log.read_text():
            assert self._process.poll() is None and time.monotonic() < until, self.log.read_text()[-3000:]
            time.sleep(0.1)

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _test_database() -> str:
    """DATABASE_URL with the name of the database that this test run made."""
    address = os.environ["DATABASE_URL"]
    name: Any = connection.settings_dict["NAME"]
    path = urlsplit(address).path
    return address.replace(path, f"{path.rpartition('/')[0]}/{name}") if path else f"{address}/{name}"
