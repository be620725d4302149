"""`expand`: ids in an answer are replaced by the objects they name, and parts sent only on request are added."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from sandbox import sdk
from sandbox.context import Context
from sandbox.engine import invoicing, refunding, taxing
from sandbox.errors import StripeError, invalid
from sandbox.objects import Object, listed

LEVELS_MAX = 4


def check(object_name: str, paths: list[str], *, in_list: bool) -> None:
    """Refuse a path before the request begins: one that is too deep, or that names what cannot be expanded.

    `object_name` is what the endpoint answers, or with `in_list` what its list holds under `data`.
    """
    for path in paths:
        parts = path.split(".")
        if len(parts) > LEVELS_MAX:
            message = f"You cannot expand more than {LEVELS_MAX} levels of a property. Property: {path}"
            raise invalid(message, param="expand")
        if in_list and parts.pop(0) != "data":
            raise _cannot(path)
        if not parts or not _leads(sdk.resource_class(object_name), parts):
            raise _cannot(path)


def apply(ctx: Context, answer: Object, paths: list[str]) -> Object:
    """A copy of `answer` with every (checked) path followed; lists are walked as `data.…`. The store is locked."""
    answer = copy.deepcopy(answer)
    for path in paths:
        _follow(ctx, answer, path.split("."))
    return answer


def _leads(cls: type, parts: list[str]) -> bool:
    """Whether the SDK's classes have this path and its end can be expanded."""
    name, rest = parts[0], parts[1:]
    hint = sdk.fields(cls).get(name)
    if hint is None:
        return False
    if not rest:
        return sdk.is_expandable(hint) or (getattr(cls, "OBJECT_NAME", ""), name) in ON_REQUEST
    if sdk.is_list_object(hint):
        return rest[0] == "data" and all(_leads(inner, rest[1:]) for inner in sdk.targets(hint) if rest[1:])
    return any(_leads(target, rest) for target in sdk.targets(hint))


def _follow(ctx: Context, node: Any, parts: list[str]) -> None:
    if isinstance(node, list):
        for entry in node:
            _follow(ctx, entry, parts)
    elif isinstance(node, dict) and parts:
        name, rest = parts[0], parts[1:]
        _open(ctx, node, name)
        _follow(ctx, node.get(name), rest)


def _open(ctx: Context, node: Object, name: str) -> None:
    """Put the object in the place of its id, or add the part that is sent on request."""
    include = ON_REQUEST.get((str(node.get("object")), name))
    if include is not None:
        node.setdefault(name, include(ctx, node))
    elif isinstance(node.get(name), str):
        found = ctx.store.seen_from_here(node[name])
        node[name] = copy.deepcopy(found) if found is not None else node[name]


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


def _refunds(ctx: Context, charge: Object) -> Object:
    return listed(copy.deepcopy(refunding.of_charge(ctx, charge)), f"/v1/charges/{charge['id']}/refunds")


ON_REQUEST: dict[tuple[str, str], Callable[[Context, Object], Any]] = {
    ("charge", "refunds"): _refunds,
    ("checkout.session", "line_items"): _line_items,
    ("customer", "subscriptions"): _subscriptions,
    ("invoice", "confirmation_secret"): _confirmation_secret,
    ("invoice", "payments"): _payments,
    ("item", "discounts"): lambda _ctx, _line: [],
    ("item", "taxes"): lambda ctx, line: copy.deepcopy(taxing.of_line(ctx, line)),
}
