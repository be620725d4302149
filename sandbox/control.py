"""The control door under /_sandbox: move the clock, save, reset, settle, look at deliveries. JSON, loopback only."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request

from sandbox import money_door
from sandbox.context import Context
from sandbox.engine import charging, payout_calendar
from sandbox.errors import StripeError, invalid
from sandbox.handlers.events import tell_deliverer

DRAIN_S = 30.0


def register(app: Flask, ctx: Context) -> None:
    """Add the control door to the app."""
    door = Blueprint("control", __name__, url_prefix="/_sandbox")
    door.register_error_handler(StripeError, lambda refusal: (jsonify(refusal.body()), refusal.status))
    _add_clock(door, ctx)
    _add_state(door, ctx)
    _add_deliveries(door, ctx)
    money_door.add_routes(door, ctx)
    app.register_blueprint(door)


def _add_clock(door: Blueprint, ctx: Context) -> None:
    @door.get("/clock")
    def clock() -> Response:
        return jsonify(_clock(ctx))

    @door.post("/clock")
    def move() -> Response:
        given = _given("advance_s", "to", "set", "drain_timeout_s")
        if "set" in given:
            with ctx.store.lock:
                if not ctx.store.is_empty():
                    raise invalid("The clock can only be set in an empty sandbox: reset first.", param="set")
                ctx.clock.set(int(given["set"]))
            return jsonify(_clock(ctx) | {"ran": 0})
        ran = ctx.engine.advance(_target(ctx, given), after_each=_after_each(ctx, given.get("drain_timeout_s")))
        return jsonify(_clock(ctx) | {"ran": ran})

    @door.post("/settle")
    def settle() -> Response:
        return jsonify({"settled": ctx.engine.settle()})


def _add_state(door: Blueprint, ctx: Context) -> None:
    first_settings = ctx.settings

    @door.get("/health")
    def health() -> Response:
        return jsonify({"ready": True, **_clock(ctx)})

    @door.get("/settings")
    def settings() -> Response:
        return jsonify(ctx.settings.to_json())

    @door.post("/settings")
    def change_settings() -> Response:
        given = _given(*ctx.settings.to_json())
        with ctx.store.lock:
            try:
                ctx.settings = ctx.settings.changed(given)
                payout_calendar.plan(ctx)
            except ValueError as problem:
                raise invalid(str(problem), param=next(iter(given), None)) from None
        return jsonify(ctx.settings.to_json())

    @door.post("/save")
    def save() -> Response:
        return jsonify({"saved": ctx.save()})

    @door.post("/reset")
    def reset() -> Response:
        with ctx.store.lock:
            endpoints = [(entry, ctx.store.hidden(entry["id"])) for entry in ctx.store.all("webhook_endpoint")]
            ctx.store.clear()
            for entry, private in endpoints:
                ctx.store.add(entry, **private)
            tell_deliverer(ctx)
        ctx.deliverer.clear()
        ctx.mailbox.clear()
        ctx.keys.clear()
        ctx.faults.clear()
        ctx.settings = first_settings
        return jsonify({"reset": True})

    @door.post("/customers/<customer_id>/card")
    def card(customer_id: str) -> Response:
        given = _given("number")
        with ctx.store.lock:
            method = charging.replace_card(ctx, customer_id, str(given.get("number", "")))
        return jsonify({"payment_method": method["id"]})


def _add_deliveries(door: Blueprint, ctx: Context) -> None:
    @door.get("/deliveries")
    def deliveries() -> Response:
        return jsonify({"data": ctx.deliverer.log, "pending": ctx.deliverer.pending, "paused": ctx.deliverer.paused})

    @door.post("/deliveries/<event_id>/resend")
    def resend(event_id: str) -> Response:
        with ctx.store.lock:
            event = copy.deepcopy(ctx.store.seen_from_here(event_id) or ctx.store.get("event", event_id))
        return jsonify({"endpoints": ctx.deliverer.enqueue(event)})

    @door.post("/webhooks")
    def webhooks() -> Response:
        given = _given("paused")
        if not isinstance(given.get("paused"), bool):
            raise invalid("Send true or false.", param="paused")
        ctx.deliverer.paused = given["paused"]
        return jsonify({"paused": ctx.deliverer.paused})

    @door.post("/drain")
    def drain() -> Response:
        given = _given("timeout_s")
        return jsonify({"drained": ctx.deliverer.drain(float(given.get("timeout_s", DRAIN_S)))})


def _given(*names: str) -> dict[str, Any]:
    given = request.get_json(force=True, silent=True) if request.get_data() else {}
    if not isinstance(given, dict):
        raise invalid("Send a JSON object.")
    for name in given:
        if name not in names:
            raise invalid(f"Received unknown parameter: {name}. Known here: {', '.join(names)}.", param=name)
    for name in ("advance_s", "to", "set", "timeout_s", "drain_timeout_s"):
        if name in given and (isinstance(given[name], bool) or not isinstance(given[name], int | float)):
            raise invalid("Send a number of seconds.", param=name)
    return given


def _target(ctx: Context, given: dict[str, Any]) -> int:
    if ("advance_s" in given) == ("to" in given):
        raise invalid("Send one of advance_s and to.", param="advance_s")
    now = ctx.now()
    target = int(given["to"]) if "to" in given else now + int(given["advance_s"])
    if target < now:
        raise invalid("The clock only moves forward.", param="to" if "to" in given else "advance_s")
    return target


def _after_each(ctx: Context, drain_timeout_s: float | None) -> Callable[[], object] | None:
    if drain_timeout_s is None:
        return None
    return lambda: ctx.deliverer.drain(float(drain_timeout_s))


def _clock(ctx: Context) -> dict[str, int]:
    return {"now": ctx.now(), "offset_s": ctx.clock.offset_s}
