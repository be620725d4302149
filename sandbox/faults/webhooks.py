"""Deliveries that go wrong: lost, doubled, out of order, late, forged, spoilt, or in the shape of another version."""

from __future__ import annotations

import copy
import math
import threading
import time
from collections.abc import Callable
from typing import Any

from stripe import WebhookSignature

from sandbox import ids
from sandbox.context import Context
from sandbox.delivery import Delivery, encoded, signed
from sandbox.faults import shapes
from sandbox.faults.plan import Rule

Event = dict[str, Any]
Sealed = tuple[bytes, str]


def send(ctx: Context, event: Event) -> int:
    """Send an event to every endpoint that wants it, as the plan of faults has it; returns how many those are."""
    wanting = [endpoint for endpoint in ctx.deliverer.endpoints if endpoint.takes(event)]
    for endpoint in wanting:
        deliveries = [Delivery(event, endpoint.url, time.monotonic())]
        for rule in ctx.faults.for_webhooks():
            deliveries = [after for before in deliveries for after in _through(ctx, rule, before)]
        ctx.deliverer.send(deliveries)
    return len(wanting)


def release(ctx: Context) -> None:
    """Send what waits to be shuffled."""
    ctx.deliverer.release(ctx.pools.take_all())


def deliver_late(ctx: Context, subject: str, _due: int) -> None:
    """The moment has come of a delivery that waited for the sandbox's clock; `subject` is event and address."""
    event_id, _, url = subject.partition(" ")
    event = ctx.store.find(event_id)
    if event is not None:
        ctx.deliverer.send([Delivery(copy.deepcopy(event), url, time.monotonic(), number=ctx.deliverer.next_number())])


def _through(ctx: Context, rule: Rule, delivery: Delivery) -> list[Delivery]:
    """What a rule makes of one delivery: none, itself, or several."""
    if not ctx.faults.fires(rule, delivery.event["type"], delivery.url):
        return [delivery]
    after = EFFECTS[rule.fault](ctx, rule, delivery)
    facts = {"rule": rule.name, "event": delivery.event["id"], "type": delivery.event["type"], "url": delivery.url}
    sent_as = sorted({each.event["id"] for each in after} - {delivery.event["id"]})
    ctx.faults.count("webhooks", rule.fault, ctx.now(), **facts, **({"sent_as": sent_as[0]} if sent_as else {}))
    return after


def _dropped(_ctx: Context, _rule: Rule, _delivery: Delivery) -> list[Delivery]:
    return []


def _duplicated(ctx: Context, rule: Rule, delivery: Delivery) -> list[Delivery]:
    return [delivery, *(delivery.twin(ctx.deliverer.next_number()) for _ in range(rule["copies"] - 1))]


def _delayed(ctx: Context, rule: Rule, delivery: Delivery) -> list[Delivery]:
    if rule["clock_s"] is None:
        delivery.due += rule["wait_s"]
        return [delivery]
    ctx.store.schedule(ctx.now() + rule["clock_s"], "deliver_late", f"{delivery.event['id']} {delivery.url}")
    return []


def _reordered(ctx: Context, rule: Rule, delivery: Delivery) -> list[Delivery]:
    """Into the pool; the first one in sets the time after which the pool is emptied, full or not."""
    delivery.due = math.inf
    ctx.deliverer.send([delivery])
    held, full = ctx.pools.put(rule, delivery)
    if full:
        ctx.deliverer.release(full)
    elif held == 1:
        timer = threading.Timer(rule["within_s"], lambda: ctx.deliverer.release(ctx.pools.take(rule, delivery.url)))
        timer.daemon = True
        timer.start()
    return []


def _disguised(ctx: Context, rule: Rule, delivery: Delivery, seal: Callable[[Event, str], Sealed]) -> list[Delivery]:
    """In place of the true delivery, tried again as it is; or beside it, once."""
    if rule["instead"]:
        delivery.seal, delivery.fault = seal, rule.fault
        return [delivery]
    beside = delivery.twin(ctx.deliverer.next_number())
    beside.seal, beside.fault, beside.once = seal, rule.fault, True
    return [delivery, beside]


def _wrongly_signed(ctx: Context, rule: Rule, delivery: Delivery) -> list[Delivery]:
    """By somebody who does not know the secret; beside the true one it has an id of its own, to be told apart by."""
    made = _disguised(ctx, rule, delivery, lambda event, _secret: signed(encoded(event), "whsec_" + ids.token(32)))
    if not rule["instead"]:
        made[-1].event = made[-1].event | {"id": ids.make("event")}
    return made


def _old_timestamp(ctx: Context, rule: Rule, delivery: Delivery) -> list[Delivery]:
    def seal(event: Event, secret: str) -> Sealed:
        body = encoded(event)
        signature = WebhookSignature.generate_signature_header(body, secret, int(time.time()) - rule["age_s"])
        return body.encode(), signature

    return _disguised(ctx, rule, delivery, seal)


def _byte_changed(ctx: Context, rule: Rule, delivery: Delivery) -> list[Delivery]:
    """A digit of the body is another one, so that it is still JSON; the signature is that of the true body."""

    def seal(event: Event, secret: str) -> Sealed:
        body, signature = signed(encoded(event), secret)
        places = [place for place, byte in enumerate(body) if byte in b"0123456789"]
        place = rule.random.choice(places)
        return body[:place] + b"%d" % (int(body[place : place + 1]) % 9 + 1) + body[place + 1 :], signature

    return _disguised(ctx, rule, delivery, seal)


def _old_version(ctx: Context, rule: Rule, delivery: Delivery) -> list[Delivery]:
    with ctx.store.lock:
        old = shapes.older(ctx, delivery.event, rule["api_version"])
    return _disguised(ctx, rule, delivery, lambda _event, secret: signed(encoded(old), secret))


def _rewritten(ctx: Context, rule: Rule, delivery: Delivery) -> list[Delivery]:
    changed = copy.deepcopy(delivery.event)
    for path, value in rule["set"].items():
        *parents, last = path.split(".")
        node = changed
        for name in parents:
            if not isinstance(node.get(name), dict):
                node[name] = {}
            node = node[name]
        node[last] = value
    return _disguised(ctx, rule, delivery, lambda _event, secret: signed(encoded(changed), secret))


EFFECTS: dict[str, Callable[[Context, Rule, Delivery], list[Delivery]]] = {
    "byte_changed": _byte_changed,
    "delayed": _delayed,
    "dropped": _dropped,
    "duplicated": _duplicated,
    "old_timestamp": _old_timestamp,
    "old_version": _old_version,
    "reordered": _reordered,
    "rewritten": _rewritten,
    "wrongly_signed": _wrongly_signed,
}
