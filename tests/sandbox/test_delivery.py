"""Webhooks arrive signed, are tried again, wait while held back, and survive a restart."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from stripe import StripeClient, WebhookSignature

from sandbox.delivery import ATTEMPTS_MAX, LOG_ROWS_MAX, Deliverer, Endpoint

SECRET = "whsec_test"
BASE_S = 0.02


class Clock:
    """The log's clock."""

    def now(self) -> int:
        return 1_800_000_000


@dataclass
class Receiver:
    """A shop's webhook door: answers `status(attempt)` and keeps what came."""

    status: Callable[[int], int] = lambda attempt: 200
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def take(self, headers: dict[str, str], body: bytes) -> int:
        self.came.append((headers, body))
        self.at.append(time.monotonic())
        attempt = len(self.came)
        self.arrived.set()
        self.hold.wait(5)
        return self.status(attempt)

    @property
    def ids(self) -> list[str]:
        return [json.loads(body)["id"] for _, body in self.came]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    shop = Receiver()
    shop.hold.set()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = shop.take(dict(self.headers), body)
            self.send_response(status)
            if status in {301, 302, 307}:
                self.send_header("Location", shop.url + "elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    shop.url = f"http://127.0.0.1:{server.server_port}/"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield shop
    shop.hold.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def make(receiver: Receiver) -> Iterator[Callable[..., Deliverer]]:
    made: list[Deliverer] = []

    def deliverer(*endpoints: Endpoint, on_log: Callable[[dict[str, Any]], None] = lambda row: None) -> Deliverer:
        made.append(Deliverer(Clock(), endpoints or [Endpoint(receiver.url, SECRET)], on_log, retry_base_s=BASE_S))
        return made[-1]

    yield deliverer
    receiver.hold.set()
    for each in made:
        each.stop()


Make = Callable[..., Deliverer]


def event(event_id: str = "evt_1", event_type: str = "charge.succeeded") -> dict[str, Any]:
    return {
        "id": event_id,
        "object": "event",
        "api_version": "2026-10-28.endive",
        "type": event_type,
        "data": {"object": {"id": "ch_1", "object": "charge", "description": "Zoë"}},
    }


def test_an_event_arrives_so_that_the_sdk_believes_it(make: Make, receiver: Receiver) -> None:
    deliverer = make()

    assert deliverer.enqueue(event()) == 1
    assert deliverer.drain(5)

    headers, body = receiver.came[0]
    client = StripeClient("sk_test_x")
    believed = client.construct_event(body, headers["Stripe-Signature"], SECRET)
    assert (believed.id, believed.data.object.description) == ("evt_1", "Zoë")
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    with pytest.raises(Exception, match="No signatures found matching"):
        WebhookSignature.verify_header(body, headers["Stripe-Signature"], "whsec_other")


def test_the_log_tells_of_each_attempt(make: Make, receiver: Receiver) -> None:
    heard: list[dict[str, Any]] = []
    receiver.status = lambda attempt: 200 if attempt == 3 else 500
    deliverer = make(on_log=heard.append)

    deliverer.enqueue(event())
    assert deliverer.drain(5)

    assert [(row["attempt"], row["status"]) for row in deliverer.log] == [(3, 200), (2, 500), (1, 500)]
    assert [row["attempt"] for row in heard] == [1, 2, 3]
    first = heard[0]
    assert (first["event"], first["type"], first["url"]) == ("evt_1", "charge.succeeded", receiver.url)
    assert (first["at"], first["error"]) == (1_800_000_000, "Internal Server Error")


def test_waits_between_attempts_grow(make: Make, receiver: Receiver) -> None:
    receiver.status = lambda attempt: 200 if attempt == 4 else 503
    deliverer = make()

    deliverer.enqueue(event())
    assert deliverer.drain(5)

    waits = [later - earlier for earlier, later in zip(receiver.at, receiver.at[1:], strict=False)]
    assert [wait >= BASE_S * 2**turn for turn, wait in enumerate(waits)] == [True] * 3


def test_an_endpoint_that_never_answers_well_is_given_up(make: Make, receiver: Receiver, monkeypatch: Any) -> None:
    monkeypatch.setattr("sandbox.delivery.ATTEMPTS_MAX", 3)
    receiver.status = lambda attempt: 400
    deliverer = make()

    deliverer.enqueue(event())

    assert deliverer.drain(5)
    assert len(receiver.came) == 3 < ATTEMPTS_MAX


def test_a_redirect_is_a_failure_and_is_not_followed(make: Make, receiver: Receiver) -> None:
    receiver.status = lambda attempt: 307 if attempt == 1 else 200
    deliverer = make()

    deliverer.enqueue(event())
    assert deliverer.drain(5)

    assert [row["status"] for row in deliverer.log] == [200, 307]


def test_nobody_listening_is_logged_and_tried_again(make: Make) -> None:
    deliverer = make(Endpoint("http://127.0.0.1:9/", SECRET))

    deliverer.enqueue(event())

    assert deliverer.drain(BASE_S * 4) is False
    assert deliverer.log[-1]["status"] is None
    assert deliverer.log[-1]["error"] == "no connection"
    assert deliverer.pending[0]["attempt"] >= 1


def test_only_wanted_types_are_sent(make: Make, receiver: Receiver) -> None:
    deliverer = make(Endpoint(receiver.url, SECRET, ("invoice.paid",)))

    assert deliverer.enqueue(event(event_type="charge.updated")) == 0
    assert deliverer.enqueue(event("evt_2", "invoice.paid")) == 1
    assert deliverer.drain(5)

    assert receiver.ids == ["evt_2"]


def test_several_are_on_their_way_at_once(make: Make, receiver: Receiver) -> None:
    receiver.hold.clear()
    deliverer = make()

    for number in range(3):
        deliverer.enqueue(event(f"evt_{number}"))
    deadline = time.monotonic() + 5
    while len(receiver.came) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)

    assert sorted(receiver.ids) == ["evt_0", "evt_1", "evt_2"]
    assert all(row["in_flight"] for row in deliverer.pending)
    receiver.hold.set()
    assert deliverer.drain(5)


def test_held_back_deliveries_wait_and_then_go(make: Make, receiver: Receiver) -> None:
    deliverer = make()
    deliverer.paused = True

    deliverer.enqueue(event())
    drained_while_held = deliverer.drain(0.1)
    arrived_while_held = list(receiver.ids)
    deliverer.paused = False

    assert (drained_while_held, arrived_while_held) == (False, [])
    assert deliverer.drain(5)
    assert receiver.ids == ["evt_1"]


def test_an_event_can_be_sent_again(make: Make, receiver: Receiver) -> None:
    deliverer = make()

    deliverer.enqueue(event())
    deliverer.drain(5)
    deliverer.enqueue(event())
    deliverer.drain(5)

    assert receiver.ids == ["evt_1", "evt_1"]
    assert [row["attempt"] for row in deliverer.log] == [1, 1]


def test_pending_deliveries_survive_a_restart(make: Make, receiver: Receiver) -> None:
    before = make()
    before.paused = True
    before.enqueue(event())
    saved = json.loads(json.dumps(before.to_json()))
    before.stop()

    after = make()
    after.load(saved)
    after.paused = False

    assert after.drain(5)
    assert receiver.ids == ["evt_1"]


def test_what_was_in_flight_when_saved_goes_out_again(make: Make, receiver: Receiver) -> None:
    receiver.hold.clear()
    before = make()
    before.enqueue(event())
    assert receiver.arrived.wait(5)
    saved = json.loads(json.dumps(before.to_json()))
    receiver.hold.set()
    before.stop()

    after = make()
    after.load(saved)

    assert after.drain(5)
    assert receiver.ids == ["evt_1", "evt_1"]


def test_a_restart_with_another_address_sends_there(make: Make, receiver: Receiver) -> None:
    before = make(Endpoint("http://127.0.0.1:9/", SECRET))
    before.paused = True
    before.enqueue(event())
    saved = before.to_json() | {"paused": False}

    after = make()
    after.load(saved)

    assert after.drain(5)
    assert receiver.ids == ["evt_1"]


def test_a_removed_endpoint_gets_nothing_more(make: Make, receiver: Receiver) -> None:
    deliverer = make()
    deliverer.paused = True
    deliverer.enqueue(event())

    deliverer.endpoints = []
    deliverer.paused = False

    assert deliverer.drain(5)
    assert receiver.ids == []
    assert deliverer.log[0]["error"] == "endpoint removed"


def test_clear_forgets_what_is_pending_and_the_log(make: Make, receiver: Receiver) -> None:
    deliverer = make()
    deliverer.enqueue(event())
    deliverer.drain(5)
    deliverer.paused = True
    deliverer.enqueue(event("evt_2"))

    deliverer.clear()
    deliverer.paused = False

    assert (deliverer.pending, deliverer.log, deliverer.drain(1)) == ([], [], True)
    assert receiver.ids == ["evt_1"]


def test_the_log_is_bounded(make: Make) -> None:
    deliverer = make()

    rows = [{"event": f"evt_{number}"} for number in range(LOG_ROWS_MAX + 1)]
    deliverer.load({"pending": [], "log": rows, "paused": False})

    assert len(deliverer.log) == LOG_ROWS_MAX
    assert deliverer.log[-1] == {"event": "evt_1"}
