"""Gifts given at a local Stripe by as many people, so that there are events to receive and objects to look up."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid5

import requests
from django.conf import settings

from config.bench.content import require
from config.demo.processes import Process, Supervisor, free_port
from donations.attempts import Intent
from donations.models import Fund
from donations.operations.define_fund import define_fund
from donations.operations.start_gift import start_gift
from people import clock
from people.models import Organisation

NAMESPACE: Final = UUID("7f1a1f0e-6f0c-4a5e-9b59-2f6f2f0c7a11")
CARD: Final = {
    "email": "giver@example.org",
    "name": "G",
    "card_number": "4242424242424242",
    "exp": "12/34",
    "cvc": "123",
    "postal": "64111",
}
ANSWER_S: Final = 120


class ControlDoor:
    """The local Stripe's own door (sandbox/README.md), at its address."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.http = requests.Session()
        self.http.trust_env = False

    def post(self, door: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self.http.post(f"{self.address}/_sandbox/{door}", json=body or {}, timeout=ANSWER_S)
        require(answer.ok, f"/_sandbox/{door} answered {answer.status_code}: {answer.text[:200]}")
        return dict(answer.json() if answer.content else {})

    def get(self, door: str) -> dict[str, Any]:
        answer = self.http.get(f"{self.address}/_sandbox/{door}", timeout=ANSWER_S)
        require(answer.ok, f"/_sandbox/{door} answered {answer.status_code}")
        return dict(answer.json())


@contextmanager
def local_stripe(folder: Path, *, webhook_url: str, supervisor: Supervisor) -> Iterator[ControlDoor]:
    """A local Stripe that sends nothing yet; settings.STRIPE_API_BASE names it while it runs."""
    port = free_port(0)
    supervisor.start(
        Process(
            name="sandbox",
            command=[
                *(sys.executable, "-m", "sandbox", "--port", str(port), "--smtp-port", "0", "--state", str(folder)),
                *("--webhook-url", webhook_url, "--webhook-secret", settings.STRIPE_WEBHOOK_SECRETS[0]),
            ],
            log=folder / "sandbox.log",
            environment=os.environ,
        )
    )
    before, settings.STRIPE_API_BASE = settings.STRIPE_API_BASE, f"http://127.0.0.1:{port}"
    try:
        supervisor.wait_for(f"{settings.STRIPE_API_BASE}/_sandbox/health")
        door = ControlDoor(settings.STRIPE_API_BASE)
        door.post("webhooks", {"paused": True})
        yield door
    finally:
        settings.STRIPE_API_BASE = before


def a_fund() -> Fund:
    """The organisation and the fund that everybody gives to."""
    Organisation.objects.get_or_create(display_name="Bench", defaults={"zone_name": "America/Chicago"})
    return define_fund(slug="bench", name="Bench", purpose="Measured gifts.", tiers_minor=[2_500])


def give(door: ControlDoor, fund: Fund, number: int, progress: Callable[[int], None] = lambda _: None) -> int:
    """So many people give $10.00 and one cent more each time, and pay; what they gave together, in minor units."""

    together_minor = 0
    for i in range(number):
        amount_minor = 1_000 + i % 2_000
        page = start_gift(
            intent=Intent(
                form_key=uuid5(NAMESPACE, f"{door.address}:{i}"),
                fund=fund,
                amount_minor=amount_minor,
                currency="usd",
                email=f"giver{i}@example.org",
                name=f"Giver {i}",
                ip_address=f"10.{i // 65_536 % 256}.{i // 256 % 256}.{i % 256}",
            ),
            now=clock.now(),
        )
        paid = door.http.post(page.url, data=CARD, allow_redirects=False, timeout=ANSWER_S)
        require(paid.status_code == 303, f"the payment page answered {paid.status_code}")
        together_minor += amount_minor
        progress(i + 1)
    return together_minor
