"""`python -m sandbox` as its own process: the line that says ready, saved state, and the second start."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe

from tests.sandbox.conftest import SECRET, Receiver

ROOT = Path(__file__).parents[2]


class Process:
    """One run of the command line."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        state = ("--state", str(folder / "state"), "--clock-file", str(folder / "clock"))
        command = (sys.executable, "-m", "sandbox", "--port", "0", "--smtp-port", "0", *state, *arguments)
        self.child = subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert self.child.stdout is not None
        line = self.child.stdout.readline()
        assert line, self.child.communicate()[1]
        self.ready = json.loads(line)
        self.url = f"http://127.0.0.1:{self.ready['port']}"
        self.stripe = stripe.StripeClient("sk_test_shop", base_addresses={"api": self.url})

    def door(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        return dict(requests.post(f"{self.url}/_sandbox/{path}", json=body or {}, timeout=30).json())

    def pay(self, session: stripe.checkout.Session) -> requests.Response:
        """As a browser would, at the hosted page."""
        form = {
            "email": "ada@example.org",
            "card_number": "4242424242424242",
            "exp": "12 / 34",
            "cvc": "123",
            "name": "Ada Byron",
            "postal": "64111",
        }
        address = f"{self.url}/c/pay/{session.id}"
        return requests.post(address, data=form, allow_redirects=False, timeout=10)

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        self.child.send_signal(number)
        output, errors = self.child.communicate(timeout=15)
        return self.child.returncode, output + errors


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Any]:
    """Start a process in a folder of the test; whatever still runs at the end is killed."""
    started: list[Process] = []

    def start(*arguments: str) -> Process:
        started.append(Process(tmp_path, *arguments))
        return started[-1]

    yield start
    for process in started:
        if process.child.poll() is None:
            process.child.kill()
            process.child.communicate()


def monthly(process: Process) -> stripe.checkout.Session:
    price: Any = {
        "currency": "usd",
        "unit_amount": 2500,
        "product_data": {"name": "Seed"},
        "recurring": {"interval": "month"},
    }
    return process.stripe.v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "success_url": "http://shop.test/done?s={CHECKOUT_SESSION_ID}",
            "line_items": [{"quantity": 1, "price_data": price}],
        }
    )


def test_one_line_says_ready_and_health_agrees(run: Any) -> None:
    process = run("--start-at", "2026-08-22T09:00:00+00:00")

    assert process.ready["ready"] is True
    assert process.ready["pid"] == process.child.pid
    assert process.ready["smtp_port"] > 0
    health = requests.get(f"{process.url}/_sandbox/health", timeout=5).json()
    assert health["now"] == pytest.approx(1_787_389_200, abs=10)
    assert process.end() == (0, ""), "nothing else is said"


def test_everything_survives_an_orderly_end(run: Any, tmp_path: Path) -> None:
    first = run("--start-at", "2026-08-22T09:00:00+00:00")
    session = monthly(first)
    paid = first.pay(session)
    assert (paid.status_code, paid.headers["Location"]) == (303, f"http://shop.test/done?s={session.id}")
    still_open = monthly(first)
    first.door("clock", {"advance_s": 86_400})
    options: Any = {"idempotency_key": "once"}
    customer = first.stripe.v1.customers.create({"email": "b@example.org"}, options)
    events = [event.id for event in first.stripe.v1.events.list({"limit": 100}).data]
    assert first.end()[0] == 0

    second = run("--start-at", "2020-01-01T00:00:00+00:00")

    health = requests.get(f"{second.url}/_sandbox/health", timeout=5).json()
    assert health["now"] == pytest.approx(1_787_389_200 + 86_400, abs=30), "start-at is for a first start only"
    assert int((tmp_path / "clock").read_text()) == health["offset_s"]
    assert [event.id for event in second.stripe.v1.events.list({"limit": 100}).data] == events
    assert second.stripe.v1.customers.create({"email": "b@example.org"}, options).id == customer.id
    reopened = second.stripe.v1.checkout.sessions.retrieve(still_open.id)
    assert reopened.status == "expired", "it fell due on the way"
    second.door("clock", {"advance_s": 32 * 86_400})
    invoices = second.stripe.v1.invoices.list().data
    assert [invoice.amount_paid for invoice in invoices] == [2500, 2500], "renewals go on"


def test_an_open_session_can_be_paid_after_a_restart(run: Any) -> None:
    first = run()
    session = monthly(first)
    first.end()

    second = run()

    found = second.stripe.v1.checkout.sessions.retrieve(session.id)
    assert found.url == f"{second.url}/c/pay/{session.id}", "the page moved with the port"
    assert second.pay(session).status_code == 303


def test_saving_survives_a_kill(run: Any, tmp_path: Path) -> None:
    first = run()
    kept = first.stripe.v1.customers.create({"email": "kept@example.org"})
    assert first.door("save")["saved"] == str(tmp_path / "state" / "state.json")
    lost = first.stripe.v1.customers.create({"email": "lost@example.org"})
    first.door("clock", {"advance_s": 1000})
    first.end(signal.SIGKILL)

    second = run()

    assert [entry.id for entry in second.stripe.v1.customers.list().data] == [kept.id]
    assert lost.id != kept.id
    health = requests.get(f"{second.url}/_sandbox/health", timeout=5).json()
    assert health["offset_s"] == 1000, "time does not run backwards for whoever reads the file"


def test_pending_webhooks_are_delivered_after_a_restart(run: Any, receiver: Receiver) -> None:
    arguments = ("--webhook-url", receiver.url, "--webhook-secret", SECRET, "--retry-base-s", "0.05")
    first = run(*arguments)
    first.door("webhooks", {"paused": True})
    first.stripe.v1.customers.create({"email": "a@example.org"})
    first.end()
    assert receiver.events == []

    second = run(*arguments)
    assert second.stripe.v1.webhook_endpoints.list().data[0].url == receiver.url
    assert len(second.stripe.v1.webhook_endpoints.list().data) == 1, "the command line's endpoint is not doubled"
    second.door("webhooks", {"paused": False})

    assert second.door("drain", {"timeout_s": 10})["drained"] is True
    assert [event.type for event in receiver.events] == ["customer.created"]
    assert second.stripe.v1.events.list({"delivery_success": False}).data == []


def test_pending_webhooks_go_to_the_address_of_the_second_start(run: Any, receiver: Receiver) -> None:
    gone = "http://127.0.0.1:9/stripe/webhook"
    first = run("--webhook-url", gone, "--webhook-secret", "whsec_before")
    first.door("webhooks", {"paused": True})
    first.stripe.v1.customers.create({"email": "a@example.org"})
    first.end()

    second = run("--webhook-url", receiver.url, "--webhook-secret", SECRET)
    second.door("webhooks", {"paused": False})

    assert second.door("drain", {"timeout_s": 10})["drained"] is True
    assert [event.type for event in receiver.events] == ["customer.created"]
    log = requests.get(f"{second.url}/_sandbox/deliveries", timeout=5).json()["data"]
    assert {row["url"] for row in log} == {receiver.url}, "nothing was tried at the old address"


def test_a_port_in_use_stops_the_start_with_one_sentence(run: Any, tmp_path: Path) -> None:
    first = run()
    command = [sys.executable, "-m", "sandbox", "--port", str(first.ready["port"]), "--smtp-port", "0"]

    second = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=20, check=False)

    assert second.returncode == 1
    assert second.stdout == ""
    assert second.stderr.startswith("The sandbox cannot start:")
    assert "Traceback" not in second.stderr


def test_state_of_another_format_is_refused(run: Any, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / "state.json").write_text('{"format": 0}')
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--smtp-port", "0", "--state", str(folder)]

    ended = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=20, check=False)

    assert (ended.returncode, ended.stdout) == (1, "")
    assert "another version of the sandbox" in ended.stderr


def test_it_listens_on_loopback_only(run: Any) -> None:
    process = run()
    listening = Path("/proc/net/tcp").read_text().splitlines()[1:]
    ports = {f"{process.ready[name]:04X}" for name in ("port", "smtp_port")}

    ours = [row.split()[1] for row in listening if row.split()[1].split(":")[1] in ports and row.split()[3] == "0A"]

    assert {address.split(":")[0] for address in ours} == {"0100007F"}
    assert len(ours) == 2


def test_two_starts_do_not_take_long(run: Any) -> None:
    started = time.monotonic()

    run().end()

    assert time.monotonic() - started < 10
