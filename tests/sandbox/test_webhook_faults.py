"""Webhooks go wrong by a plan: lost, doubled, shuffled, late, forged, spoilt, or in the shape of another version."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe

from sandbox.delivery import Delivery
from sandbox.faults.plan import Rule
from sandbox.faults.pools import Pools
from sandbox.server import Options, Sandbox
from tests.sandbox.conftest import SECRET, UNHURRIED, Shop

CREATED = {"types": ["customer.created"]}


class Door:
    """A webhook address that keeps every body with whether the SDK believes it, and answers 400 to those it doesn't."""

    def __init__(self) -> None:
        self.came: list[tuple[dict[str, Any], str | None]] = []
        came = self.came

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                problem = None
                try:
                    stripe.WebhookSignature.verify_header(body, self.headers["Stripe-Signature"], SECRET, 300)
                except stripe.SignatureVerificationError as refusal:
                    problem = str(refusal)
                came.append((json.loads(body), problem))
                self.send_response(400 if problem else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhook"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def believed(self) -> list[dict[str, Any]]:
        return [event for event, problem in self.came if problem is None]

    @property
    def refused(self) -> list[dict[str, Any]]:
        return [event for event, problem in self.came if problem is not None]


@pytest.fixture
def door() -> Iterator[Door]:
    door = Door()
    yield door
    door.server.shutdown()
    door.server.server_close()


@pytest.fixture
def shop(door: Door) -> Iterator[Shop]:
    box = Sandbox(Options(webhook_url=door.url, webhook_secret=SECRET, retry_base_s=0.05, settings=UNHURRIED))
    box.start()
    yield Shop(box)
    box.stop()


def plan(shop: Shop, *rules: dict[str, Any], seed: int = 1) -> None:
    answer = shop.door("faults", {"seed": seed, "webhooks": list(rules)})
    assert answer["status"] == 200, answer


def sign_up(shop: Shop, count: int = 1) -> list[str]:
    """So many `customer.created`; their events' ids, in order, once nothing is on its way."""
    for number in range(count):
        shop.stripe.v1.customers.create({"name": str(number)})
    assert shop.box.ctx.deliverer.drain(10)
    return [event["id"] for event in shop.box.ctx.store.all("event")]


def report(shop: Shop) -> dict[str, Any]:
    return dict(requests.get(f"{shop.box.url}/_sandbox/faults", timeout=10).json())


def test_a_dropped_event_exists_and_never_arrives(shop: Shop, door: Door) -> None:
    plan(shop, {"fault": "dropped", "times": 2})

    events = sign_up(shop, 3)

    assert [event["id"] for event in door.came and door.believed] == [events[2]]
    undelivered = shop.stripe.v1.events.list({"delivery_success": False}).data
    assert {event.id for event in undelivered} == set(events[:2])
    log = requests.get(f"{shop.box.url}/_sandbox/faults/log", timeout=10).json()["data"]
    assert [row["event"] for row in log] == events[:2], "a proof can name what it has to find again"


def test_a_duplicated_event_arrives_n_times(shop: Shop, door: Door) -> None:
    plan(shop, {"fault": "duplicated", "copies": 3})

    (event,) = sign_up(shop)

    assert [came["id"] for came in door.believed] == [event] * 3


def test_a_rule_behind_a_duplication_draws_for_each_copy(shop: Shop, door: Door) -> None:
    plan(shop, {"fault": "duplicated", "copies": 3}, {"fault": "dropped", "times": 2})

    (event,) = sign_up(shop)

    assert [came["id"] for came in door.believed] == [event]
    assert report(shop)["counts"]["webhooks"] == {"dropped": 2, "duplicated": 1}


def test_reordered_events_come_in_another_order(shop: Shop, door: Door) -> None:
    plan(shop, {"fault": "reordered", "hold": 8, "within_s": 60})

    events = sign_up(shop, 8)

    came = [event["id"] for event in door.believed]
    assert sorted(came) == sorted(events)
    assert came != events


def test_a_pool_is_shuffled_as_its_seed_says() -> None:
    def shuffled(seed: int) -> list[int]:
        given = {"fault": "reordered", "name": None, "hold": 8, "probability": 1, "times": None, "after": 0}
        rule, pools = Rule(given, seed, "webhooks", 0), Pools()
        for number in range(8):
            _, full = pools.put(rule, Delivery({"id": "evt_1"}, "http://shop.test", math.inf, number=number))
        return [delivery.number for delivery in full]

    first, again, other = shuffled(1), shuffled(1), shuffled(2)

    assert first == again != other
    assert sorted(first) == list(range(8)) != first


def test_a_pool_that_does_not_fill_is_emptied_in_time(shop: Shop, door: Door) -> None:
    plan(shop, {"fault": "reordered", "hold": 8, "within_s": 0.3})
    started = time.monotonic()

    (event,) = sign_up(shop)

    assert [came["id"] for came in door.believed] == [event]
    assert time.monotonic() - started >= 0.3


def test_another_plan_lets_go_what_was_held_back(shop: Shop, door: Door) -> None:
    plan(shop, {"fault": "reordered", "hold": 8, "within_s": 60})
    shop.stripe.v1.customers.create({"name": "Ada"})
    assert not shop.box.ctx.deliverer.drain(0.2)

    plan(shop)

    assert shop.box.ctx.deliverer.drain(5)
    assert len(door.believed) == 1


def test_delayed_by_wall_time(shop: Shop, door: Door) -> None:
    plan(shop, {"fault": "delayed", "wait_s": 0.3})
    started = time.monotonic()

    sign_up(shop)

    assert time.monotonic() - started >= 0.3
    assert len(door.believed) == 1


def test_delayed_by_three_days_of_the_clock(shop: Shop, door: Door) -> None:
    plan(shop, {"fault": "delayed", "clock_s": 3 * 86_400, **CREATED})
    (event,) = sign_up(shop)

    shop.door("clock", {"advance_s": 3 * 86_400 - 60})
    came_early = list(door.came)
    shop.door("clock", {"advance_s": 120, "drain_timeout_s": 5})

    assert came_early == []
    assert [came["id"] for came in door.believed] == [event]


def test_a_forgery_comes_beside_the_true_event_once(shop: Shop, door: Door) -> None:
    plan(shop, {"fault": "wrongly_signed"})

    (event,) = sign_up(shop)

    assert [came["id"] for came in door.believed] == [event]
    (forged,) = door.refused
    (row,) = requests.get(f"{shop.box.url}/_sandbox/faults/log", timeout=10).json()["data"]
    assert (row["event"], row["sent_as"]) == (event, forged["id"])
    assert shop.stripe.v1.events.retrieve(event).pending_webhooks == 0


def test_a_wrong_secret_spoils_every_attempt(shop: Shop, door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.delivery.ATTEMPTS_MAX", 3)
    plan(shop, {"fault": "wrongly_signed", "instead": True})

    (event,) = sign_up(shop)

    assert [came["id"] for came in door.refused] == [event] * 3
    assert door.believed == []
    assert shop.stripe.v1.events.retrieve(event).pending_webhooks == 1


def test_an_old_timestamp_is_refused_for_its_age(shop: Shop, door: Door) -> None:
    plan(shop, {"fault": "old_timestamp", "age_s": 301})

    sign_up(shop)

    ((_, problem),) = [row for row in door.came if row[1]]
    assert problem is not None
    assert "Timestamp outside the tolerance zone" in problem


def test_a_timestamp_that_lies_ahead_is_believed_by_the_sdk(shop: Shop, door: Door) -> None:
    plan(shop, {"fault": "old_timestamp", "age_s": -86_400, "instead": True})

    sign_up(shop)

    assert len(door.believed) == 1, "which is why a receiver has to look itself (rules/stripe.md 2)"


def test_one_byte_is_another(shop: Shop, door: Door) -> None:
    plan(shop, {"fault": "byte_changed"})

    sign_up(shop)

    (true,), (changed,) = door.believed, door.refused
    left, right = json.dumps(true), json.dumps(changed)
    assert len(left) == len(right)
    assert sum(one != other for one, other in zip(left, right, strict=True)) == 1


def test_a_rewritten_event_is_truly_signed_poison(shop: Shop, door: Door) -> None:
    plan(shop, {"fault": "rewritten", "set": {"livemode": True, "data.object.email": 7}, "instead": True})

    sign_up(shop)

    (event,) = door.believed
    assert (event["livemode"], event["data"]["object"]["email"]) == (True, 7)


def test_an_old_version_has_the_old_shape(shop: Shop, door: Door) -> None:
    plan(shop, {"fault": "old_version", "instead": True})

    subscription = shop.subscribed()
    assert shop.box.ctx.deliverer.drain(10)

    told = {event["type"]: event["data"]["object"] for event in door.believed}
    assert {event["api_version"] for event in door.believed} == {"2024-12-18.acacia"}
    invoice = told["invoice.paid"]
    assert (invoice["subscription"], invoice["paid"]) == (subscription.id, True)
    assert (
        invoice["payment_intent"]
        == told["payment_intent.succeeded"]["id"]
        == told["charge.succeeded"]["payment_intent"]
    )
    assert "parent" not in invoice
    assert invoice["lines"]["data"][0]["price"]["unit_amount"] == 2500
    assert "current_period_end" in told["customer.subscription.created"]
    assert "current_period_end" not in told["customer.subscription.created"]["items"]["data"][0]
    assert told["checkout.session.completed"]["ui_mode"] == "hosted"


def test_one_seed_drops_the_same_places(shop: Shop, door: Door) -> None:
    def run(seed: int) -> list[str]:
        plan(shop, {"fault": "dropped", "probability": 0.5}, seed=seed)
        door.came.clear()
        sign_up(shop, 12)
        return sorted(event["data"]["object"]["name"] for event in door.believed)

    first, again, other = run(3), run(3), run(4)

    assert first == again != other


def test_a_restart_keeps_what_is_on_its_way_and_forgets_the_plan(door: Door, tmp_path: Path) -> None:
    options = Options(webhook_url=door.url, webhook_secret=SECRET, state_dir=tmp_path, settings=UNHURRIED)
    before = Sandbox(options)
    before.start()
    plan(Shop(before), {"fault": "duplicated"}, {"fault": "wrongly_signed"}, {"fault": "delayed", "wait_s": 600})
    Shop(before).stripe.v1.customers.create({"name": "Ada"})
    before.stop()

    after = Sandbox(options)
    after.start()
    drained = after.ctx.deliverer.drain(5)
    rules = report(Shop(after))["webhooks"]
    after.stop()

    assert (drained, rules) == (True, [])
    assert (len(door.believed), door.refused) == (1, [])
