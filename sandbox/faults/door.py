"""`/_sandbox/faults`: set the plan, read it back with what it has done, and make Stripe forget."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request

from sandbox.context import Context
from sandbox.errors import StripeError, invalid
from sandbox.faults import options, webhooks
from sandbox.settings import DAY_S, HOUR_S
from sandbox.store import Store

SECTIONS = ("seed", "api", "webhooks", "forget")
FORGET = {
    "keys_older_than_h": options.FROM_ZERO.or_else(None),
    "events_older_than_d": options.FROM_ZERO.or_else(None),
}


def register(app: Flask, ctx: Context) -> None:
    """Add the door to the app."""
    door = Blueprint("faults", __name__, url_prefix="/_sandbox/faults")
    door.register_error_handler(StripeError, lambda refusal: (jsonify(refusal.body()), refusal.status))

    @door.get("")
    def read() -> Response:
        return jsonify(ctx.faults.to_json())

    @door.post("")
    def change() -> Response:
        document = _document()
        forget = options.checked(document.get("forget", {}), FORGET, "forget")
        ctx.faults.change(document)
        webhooks.release(ctx)
        _forget(ctx, forget)
        return jsonify(ctx.faults.to_json())

    @door.delete("")
    def clear() -> Response:
        ctx.faults.clear()
        webhooks.release(ctx)
        return jsonify(ctx.faults.to_json())

    @door.get("/log")
    def log() -> Response:
        return jsonify({"data": ctx.faults.log})

    app.register_blueprint(door)


def _document() -> dict[str, Any]:
    document = request.get_json(force=True, silent=True)
    if not isinstance(document, dict):
        raise invalid("Send a JSON object.")
    for name in document:
        if name not in SECTIONS:
            raise invalid(f"Received unknown parameter: {name}. Known here: {', '.join(SECTIONS)}.", param=name)
    return document


def _forget(ctx: Context, wanted: dict[str, Any]) -> None:
    """Once, now: drop kept answers and old events; the objects that they told of stay."""
    now = ctx.now()
    if wanted["keys_older_than_h"] is not None:
        hours = wanted["keys_older_than_h"]
        # At zero hours also those of this second go.
        dropped = ctx.keys.forget(now - hours * HOUR_S if hours else now + 1)
        ctx.faults.count("forgotten", "keys", now, times=dropped)
    if wanted["events_older_than_d"] is not None:
        with ctx.store.lock:
            books = [ctx.store, *(ctx.of(account).store for account in ctx.store.accounts)]
            dropped = sum(_drop_events(store, _oldest(now, wanted)) for store in books)
        ctx.faults.count("forgotten", "events", now, times=dropped)


def _drop_events(store: Store, oldest: int) -> int:
    old = [event["id"] for event in store.all("event") if event["created"] < oldest]
    for identifier in old:
        store.remove("event", identifier)
    return len(old)


def _oldest(now: int, wanted: dict[str, Any]) -> int:
    days: int = wanted["events_older_than_d"]
    return now - days * DAY_S if days else now + 1
