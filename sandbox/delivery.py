"""Sends events to webhook endpoints as Stripe does: signed, more than once if need be, in no promised order."""

from __future__ import annotations

import heapq
import itertools
import json
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import requests
from stripe import WebhookSignature

TIMEOUT_S = 20
ATTEMPTS_MAX = 10
LOG_ROWS_MAX = 5_000
WORKERS = 4
BODY_HEADERS = {
    "Accept": "*/*",
    "Content-Type": "application/json; charset=utf-8",
    "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
}

Row = dict[str, Any]


class HasNow(Protocol):
    """What the deliverer needs of a clock."""

    def now(self) -> int:
        """Unix seconds for the log."""


@dataclass(frozen=True)
class Endpoint:
    """An address that wants events of these types (`*` for all), signed with its own secret.

    With `connect` it is told what happens in connected accounts, without it what happens in the platform's own.
    """

    url: str
    secret: str
    enabled_events: tuple[str, ...] = ("*",)
    connect: bool = False

    def wants(self, event_type: str) -> bool:
        """Whether an event of this type goes here."""
        return "*" in self.enabled_events or event_type in self.enabled_events

    def takes(self, event: dict[str, Any]) -> bool:
        """Whether this event goes here."""
        return self.connect == ("account" in event) and self.wants(event["type"])


def encoded(event: dict[str, Any]) -> str:
    """The body of a delivery."""
    return json.dumps(event, indent=2)


def signed(body: str, secret: str) -> tuple[bytes, str]:
    """A body and its Stripe-Signature."""
    return body.encode(), WebhookSignature.generate_signature_header(body, secret)


@dataclass
class Delivery:
    """One event on its way to one address; `due` in monotonic seconds (inf: held back), `attempt` counts those made.

    `number` tells several of one event apart. A `fault` (see `sandbox.faults`) may put another body or signature in
    place of the true ones: `seal` makes them of event and secret. `once`: not tried again, and Stripe did not send it.
    """

    event: dict[str, Any]
    url: str
    due: float
    attempt: int = 0
    in_flight: bool = False
    number: int = 0
    fault: str | None = None
    once: bool = False
    seal: Callable[[dict[str, Any], str], tuple[bytes, str]] = lambda event, secret: signed(encoded(event), secret)

    @property
    def key(self) -> tuple[str, str, int]:
        """What only this delivery is called."""
        return self.event["id"], self.url, self.number

    def twin(self, number: int) -> Delivery:
        """The same again."""
        return replace(self, number=number)


class Deliverer:
    """A small pool of threads over a heap of deliveries.

    `retry_base_s` is the wait in wall seconds before the second attempt; it doubles each time, and after
    `ATTEMPTS_MAX` the event is given up (it can be sent again with `enqueue`). `on_log` hears of every attempt as
    {event, type, url, attempt, status, error, at, duration_ms, fault}; it is called with no lock held, and not for what
    Stripe did not send.
    """

    def __init__(
        self,
        clock: HasNow,
        endpoints: Iterable[Endpoint],
        on_log: Callable[[Row], None] = lambda row: None,
        *,
        retry_base_s: float = 1.0,
    ) -> None:
        self._clock = clock
        self._endpoints = list(endpoints)
        self._on_log = on_log
        self._retry_base_s = retry_base_s
        self._changed = threading.Condition()
        self._pending: dict[tuple[str, str, int], Delivery] = {}
        self._queue: list[tuple[float, int, tuple[str, str, int]]] = []
        self._numbers = itertools.count(1)
        self._log: deque[Row] = deque(maxlen=LOG_ROWS_MAX)
        self._paused = False
        self._stopped = False
        self._threads: list[threading.Thread] = []

    @property
    def endpoints(self) -> list[Endpoint]:
        """Where events go now."""
        return list(self._endpoints)

    @endpoints.setter
    def endpoints(self, endpoints: Iterable[Endpoint]) -> None:
        with self._changed:
            self._endpoints = list(endpoints)

    @property
    def log(self) -> list[Row]:
        """The attempts made, newest first."""
        with self._changed:
            return list(reversed(self._log))

    @property
    def pending(self) -> list[Row]:
        """What is still to be delivered: {event, type, url, attempt, in_flight}."""
        with self._changed:
            return [
                {
                    "event": delivery.event["id"],
                    "type": delivery.event["type"],
                    "url": delivery.url,
                    "attempt": delivery.attempt,
                    "in_flight": delivery.in_flight,
                }
                for delivery in self._pending.values()
            ]

    @property
    def paused(self) -> bool:
        """Whether deliveries are held back."""
        return self._paused

    @paused.setter
    def paused(self, paused: bool) -> None:
        with self._changed:
            self._paused = paused
            self._changed.notify_all()

    def enqueue(self, event: dict[str, Any]) -> int:
        """Send an event to every endpoint that wants it, from the first attempt; returns how many those are."""
        wanting = [endpoint for endpoint in self.endpoints if endpoint.takes(event)]
        self.send(Delivery(event, endpoint.url, time.monotonic()) for endpoint in wanting)
        return len(wanting)

    def next_number(self) -> int:
        """A number for a delivery of an event that is on its way already."""
        return next(self._numbers)

    def send(self, deliveries: Iterable[Delivery]) -> None:
        """Put these on the way, each when it is due."""
        with self._changed:
            for delivery in deliveries:
                self._put(delivery)
            self._changed.notify_all()

    def release(self, held: Iterable[Delivery]) -> None:
        """Send in this order what was held back, unless it was cleared meanwhile."""
        with self._changed:
            for delivery in held:
                if self._pending.get(delivery.key) is delivery:
                    delivery.due = time.monotonic()
                    self._put(delivery)
            self._changed.notify_all()

    def drain(self, timeout_s: float) -> bool:
        """Wait until nothing is pending; False when something still is after `timeout_s`, held back or not."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._pending, timeout=timeout_s)

    def stop(self, timeout_s: float = 5) -> None:
        """End the threads; what is in flight is waited for, what is pending stays for `to_json`."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        deadline = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def clear(self) -> None:
        """Forget what is pending and the log."""
        with self._changed:
            self._pending.clear()
            self._queue.clear()
            self._log.clear()
            self._changed.notify_all()

    def to_json(self) -> dict[str, Any]:
        """Pending deliveries (those in flight too: at least once), the log and the pause.

        What a fault made of them is not kept: after a restart each event goes out once, as it was.
        """
        with self._changed:
            pending = [
                {"event": delivery.event, "url": delivery.url, "attempt": delivery.attempt}
                for delivery in {
                    (delivery.event["id"], delivery.url): delivery
                    for delivery in self._pending.values()
                    if not delivery.once
                }.values()
            ]
            return {"pending": pending, "log": list(self._log), "paused": self._paused}

    def load(self, saved: dict[str, Any]) -> None:
        """Take over what `to_json` gave; what was meant for an address that is gone goes to the present endpoints."""
        with self._changed:
            self._log = deque(saved["log"], maxlen=LOG_ROWS_MAX)
            self._paused = saved["paused"]
            present = {endpoint.url for endpoint in self._endpoints}
            for row in saved["pending"]:
                wanting = [endpoint.url for endpoint in self._endpoints if endpoint.takes(row["event"])]
                for url in [row["url"]] if row["url"] in present else wanting:
                    self._put(Delivery(row["event"], url, time.monotonic(), attempt=row["attempt"]))
            self._changed.notify_all()

    def _put(self, delivery: Delivery) -> None:
        self._pending[delivery.key] = delivery
        if delivery.due < math.inf:
            heapq.heappush(self._queue, (delivery.due, next(self._numbers), delivery.key))
        while len(self._threads) < WORKERS and not self._stopped:
            thread = threading.Thread(target=self._work, name="deliverer", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while (delivery := self._take()) is not None:
                status, error, duration_ms = self._post(session, delivery)
                self._finish(delivery, status, error, duration_ms)

    def _take(self) -> Delivery | None:
        """The next delivery that is due, or None once stopped."""
        with self._changed:
            while not self._stopped:
                wait_s = None
                if self._queue and not self._paused:
                    due, _, key = self._queue[0]
                    wait_s = due - time.monotonic()
                    if wait_s <= 0:
                        heapq.heappop(self._queue)
                        delivery = self._pending.get(key)
                        if delivery is not None and not delivery.in_flight and delivery.due <= due:
                            delivery.in_flight = True
                            return delivery
                        continue
                self._changed.wait(wait_s)
            return None

    def _post(self, session: requests.Session, delivery: Delivery) -> tuple[int | None, str | None, int]:
        """(HTTP status or None, what went wrong or None, milliseconds taken) of one attempt."""
        secret = self._secret_of(delivery)
        if secret is None:
            return None, "endpoint removed", 0
        body, signature = delivery.seal(delivery.event, secret)
        started = time.monotonic()
        try:
            answer = session.post(
                delivery.url,
                data=body,
                headers=BODY_HEADERS | {"Stripe-Signature": signature},
                timeout=TIMEOUT_S,
                allow_redirects=False,
            )
        except requests.Timeout:
            return None, f"no answer in {TIMEOUT_S} s", _ms_since(started)
        except requests.ConnectionError:
            return None, "no connection", _ms_since(started)
        except requests.RequestException as failure:
            return None, type(failure).__name__, _ms_since(started)
        return answer.status_code, None if answer.ok else answer.reason, _ms_since(started)

    def _secret_of(self, delivery: Delivery) -> str | None:
        """One address may stand for two endpoints, for the platform and for connected accounts."""
        of_account = "account" in delivery.event
        here = (found for found in self._endpoints if found.url == delivery.url and found.connect == of_account)
        return next((found.secret for found in here), None)

    def _finish(self, delivery: Delivery, status: int | None, error: str | None, duration_ms: int) -> None:
        delivered = status is not None and 200 <= status < 300
        row = {
            "event": delivery.event["id"],
            "type": delivery.event["type"],
            "url": delivery.url,
            "attempt": delivery.attempt + 1,
            "status": status,
            "error": error,
            "at": self._clock.now(),
            "duration_ms": duration_ms,
            "fault": delivery.fault,
        }
        if not delivery.once:
            self._on_log(row)
        with self._changed:
            self._log.append(row)
            delivery.attempt += 1
            delivery.in_flight = False
            self._settle(delivery, over=delivered or error == "endpoint removed")
            self._changed.notify_all()

    def _settle(self, delivery: Delivery, *, over: bool) -> None:
        """Take a delivery off the list, or put it back for its next attempt."""
        if self._pending.get(delivery.key) is not delivery:
            return  # cleared, or sent again meanwhile
        if over or delivery.once or delivery.attempt >= ATTEMPTS_MAX:
            del self._pending[delivery.key]
            return
        delivery.due = time.monotonic() + self._retry_base_s * 2 ** (delivery.attempt - 1)
        self._put(delivery)


def _ms_since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
