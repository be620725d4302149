"""The control door of money: what banks and payers decide, for programs that cannot wait for them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.context import Context
from sandbox.engine import refunding
from sandbox.errors import invalid
from sandbox.objects import Object


def add_routes(door: Blueprint, ctx: Context) -> None:
    """Everything under /_sandbox that moves money; each answers the object it changed."""
    _add_refunds(door, ctx)


def _add_refunds(door: Blueprint, ctx: Context) -> None:
    @door.post("/refunds/<refund_id>/succeed")
    def succeed(refund_id: str) -> Response:
        given()
        with ctx.store.lock:
            made = _refund(ctx, refund_id, "pending")
            refunding.succeed(ctx, made)
            return jsonify(made)

    @door.post("/refunds/<refund_id>/fail")
    def fail(refund_id: str) -> Response:
        reason = given(reason=str).get("reason", "expired_or_canceled_card")
        refunding.check_reason(reason)
        with ctx.store.lock:
            made = _refund(ctx, refund_id, "pending", "succeeded")
            refunding.fail(ctx, made, reason)
            return jsonify(made)

    @door.post("/refunds/<refund_id>/cancel")
    def cancel(refund_id: str) -> Response:
        given()
        with ctx.store.lock:
            made = _refund(ctx, refund_id, "pending")
            refunding.cancel(ctx, made)
            return jsonify(made)


def _refund(ctx: Context, refund_id: str, *statuses: str) -> Object:
    made = ctx.store.get("refund", refund_id)
    if made["status"] not in statuses:
        raise invalid(f"This refund is {made['status']}; only one that is {' or '.join(statuses)} can do that.")
    return made


def given(**known: type) -> dict[str, Any]:
    """The request's JSON object, with nothing but `known` names, each of its type."""
    body = request.get_json(force=True, silent=True) if request.get_data() else {}
    if not isinstance(body, dict):
        raise invalid("Send a JSON object.")
    for name, value in body.items():
        if name not in known:
            raise invalid(f"Received unknown parameter: {name}. Known here: {', '.join(known)}.", param=name)
        if type(value) is not known[name]:
            raise invalid(f"Send {name} as {known[name].__name__}.", param=name)
    return body
