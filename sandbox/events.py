"""Events: what happened to which object, kept for `GET /v1/events` and handed to the deliverer."""

from __future__ import annotations

import copy
import queue
from typing import Any

from sandbox import ids
from sandbox.context import CURRENT_REQUEST, Context
from sandbox.faults import webhooks
from sandbox.settings import API_VERSION

Object = dict[str, Any]


def emit(ctx: Context, event_type: str, subject: Object, *, before: Object | None = None) -> Object:
    """Record that `event_type` happened to `subject` and send it to every endpoint that wants it.

    `before` is a snapshot from before the change; what differs becomes `data.previous_attributes`.
    """
    data: Object = {"object": copy.deepcopy(subject)}
    if before is not None:
        data["previous_attributes"] = differences(before, subject)
    event = {
        "id": ids.make("event"),
        "object": "event",
        **({"account": ctx.account} if ctx.account else {}),
        "api_version": API_VERSION,
        "created": ctx.now(),
        "data": data,
        "livemode": False,
        "pending_webhooks": 0,
        "request": _cause(),
        "type": event_type,
    }
    event["pending_webhooks"] = sum(endpoint.takes(event) for endpoint in ctx.deliverer.endpoints)
    ctx.store.add(event)
    webhooks.send(ctx, copy.deepcopy(event))
    return event


def snapshot(subject: Object) -> Object:
    """A copy to compare with later, see `emit(before=…)`."""
    return copy.deepcopy(subject)


def changed(ctx: Context, event_type: str, subject: Object, before: Object) -> None:
    """Emit only if something differs from `before`."""
    if before != subject:
        emit(ctx, event_type, subject, before=before)


def differences(before: Object, after: Object) -> Object:
    """The old values of what changed; objects are compared inside, lists as a whole, as Stripe reports them."""
    found: Object = {}
    for name in before.keys() | after.keys():
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        both = isinstance(old, dict) and isinstance(new, dict)
        found[name] = differences(old, new) if both else copy.deepcopy(old)  # type: ignore[arg-type]
    return found


def fold_in_attempts(ctx: Context) -> None:
    """Count successful deliveries off their events' `pending_webhooks`. The caller holds the store's lock."""
    while True:
        try:
            row = ctx.attempts.get_nowait()
        except queue.Empty:
            return
        event = ctx.store.seen_from_here(row["event"])
        if event is not None and _succeeded(row):
            delivered = ctx.store.hidden(event["id"]).setdefault("delivered_to", [])
            if row["url"] not in delivered:
                delivered.append(row["url"])
                event["pending_webhooks"] = max(event["pending_webhooks"] - 1, 0)


def _succeeded(row: dict[str, Any]) -> bool:
    return isinstance(row["status"], int) and 200 <= row["status"] < 300


def _cause() -> Object:
    request = CURRENT_REQUEST.get()
    if request is None:
        return {"id": None, "idempotency_key": None}
    return {"id": request.id, "idempotency_key": request.idempotency_key}
