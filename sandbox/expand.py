"""`expand`: ids in an answer are replaced by the objects they name, and parts sent only on request are added."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from sandbox import sdk
from sandbox.context import Context
from sandbox.engine import invoicing
from sandbox.errors import StripeError, invalid
from sandbox.objects import Object, listed

LEVELS_MAX = 4


def apply(ctx: Context, answer: Object, paths: list[str]) -> Object:
    """A copy of `answer` with every path of `expand` followed; lists are walked as `data.…`.

    Raises 400 for a path deeper than four levels and for a property that cannot be expanded. The caller holds the
    store's lock.
    """
    answer = copy.deepcopy(answer)
    for path in paths:
        parts = path.split(".")
        if len(parts) > LEVELS_MAX:
            raise invalid(f"You cannot expand more than 4 levels of a property. Property: {path}", param="expand")
        _follow(ctx, answer, None, parts, path)
    return answer


def _follow(ctx: Context, node: Any, cls: type | None, parts: list[str], path: str) -> None:
    if isinstance(node, list):
        for entry in node:
            _follow(ctx, entry, cls, parts, path)
    elif isinstance(node, dict) and parts:
        _step(ctx, node, cls, parts, path)


def _step(ctx: Context, node: Object, cls: type | None, parts: list[str], path: str) -> None:
    name, rest = parts[0], parts[1:]
    object_name = str(node.get("object", ""))
    if object_name == "list":
        if name != "data":
            raise _cannot(path)
        _follow(ctx, node["data"], None, rest, path)
        return
    cls = sdk.resource_class(object_name) if object_name else cls
    hint = sdk.fields(cls).get(name) if cls else None
    if hint is None:
        raise _cannot(path)
    include = ON_REQUEST.get((object_name, name))
    if include is not None:
        node.setdefault(name, include(ctx, node))
    elif sdk.is_expandable(hint):
        _replace_id(ctx, node, name)
    elif not rest:
        raise _cannot(path)
    _follow(ctx, node.get(name), sdk.nested_class(hint), rest, path)


def _replace_id(ctx: Context, node: Object, name: str) -> None:
    value = node.get(name)
    found = ctx.store.find(value) if isinstance(value, str) else None
    if found is not None:
        node[name] = copy.deepcopy(found)


def _cannot(path: str) -> StripeError:
    return invalid(
        f"This property cannot be expanded ({path}). You may want to try expanding a different property.",
        param="expand",
    )


def _line_items(ctx: Context, session: Object) -> Object:
    lines = copy.deepcopy(ctx.store.hidden(session["id"])["line_items"])
    return listed(lines, f"/v1/checkout/sessions/{session['id']}/line_items")


def _payments(ctx: Context, invoice: Object) -> Object:
    url = f"/v1/invoices/{invoice['id']}/payments"
    return listed(copy.deepcopy(invoicing.payments_of(ctx, invoice)), url)


def _confirmation_secret(ctx: Context, invoice: Object) -> Object | None:
    payment = invoicing.payment_of(ctx, invoice)
    if payment is None:
        return None
    intent = ctx.store.get("payment_intent", payment["payment"]["payment_intent"])
    return {"client_secret": intent["client_secret"], "type": "payment_intent"}


def _subscriptions(ctx: Context, customer: Object) -> Object:
    running = [
        copy.deepcopy(subscription)
        for subscription in ctx.store.newest("subscription")
        if subscription["customer"] == customer["id"] and subscription["ended_at"] is None
    ]
    return listed(running, f"/v1/customers/{customer['id']}/subscriptions")


def _refunds(_ctx: Context, charge: Object) -> Object:
    return listed([], f"/v1/charges/{charge['id']}/refunds")


ON_REQUEST: dict[tuple[str, str], Callable[[Context, Object], Any]] = {
    ("charge", "refunds"): _refunds,
    ("checkout.session", "line_items"): _line_items,
    ("customer", "subscriptions"): _subscriptions,
    ("invoice", "confirmation_secret"): _confirmation_secret,
    ("invoice", "payments"): _payments,
    ("item", "discounts"): lambda _ctx, _line: [],
    ("item", "taxes"): lambda _ctx, _line: [],
}
