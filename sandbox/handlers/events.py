"""Events and the webhook endpoints that receive them."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from sandbox import ids
from sandbox.context import Context
from sandbox.delivery import Endpoint
from sandbox.errors import no_such
from sandbox.events import fold_in_attempts
from sandbox.objects import Object, metadata
from sandbox.paging import page
from sandbox.settings import API_VERSION

Params = dict[str, Any]


def event(ctx: Context, _params: Params, identifier: str) -> Object:
    """GET /v1/events/:id, for 30 days."""
    fold_in_attempts(ctx)
    stored = ctx.store.get("event", identifier)
    if stored["created"] < _oldest(ctx):
        raise no_such("event", identifier)
    return stored


def events(ctx: Context, params: Params) -> Object:
    """GET /v1/events, 30 days back, by type (a name or a pattern like charge.*), types, created, delivery_success."""
    fold_in_attempts(ctx)
    pattern, types, oldest = params.get("type", "*"), params.get("types"), _oldest(ctx)
    delivered = params.get("delivery_success")

    def keep(entry: Object) -> bool:
        return (
            entry["created"] >= oldest
            and fnmatchcase(entry["type"], pattern)
            and (not types or entry["type"] in types)
            and (delivered is None or delivered == (entry["pending_webhooks"] == 0))
        )

    return page(ctx, "event", params, "/v1/events", keep)


def create_endpoint(ctx: Context, params: Params) -> Object:
    """POST /v1/webhook_endpoints; the secret is shown in this answer only."""
    endpoint = add_endpoint(ctx, params["url"], "whsec_" + ids.token(32), params["enabled_events"])
    ctx.store.hidden(endpoint["id"])["connect"] = params.get("connect", False)
    tell_deliverer(ctx)
    endpoint["description"] = params.get("description") or None
    endpoint["metadata"] = metadata(params.get("metadata"))
    return endpoint | {"secret": ctx.store.hidden(endpoint["id"])["secret"]}


def endpoint(ctx: Context, _params: Params, identifier: str) -> Object:
    """GET /v1/webhook_endpoints/:id."""
    return ctx.store.get("webhook_endpoint", identifier)


def endpoints(ctx: Context, params: Params) -> Object:
    """GET /v1/webhook_endpoints."""
    return page(ctx, "webhook_endpoint", params, "/v1/webhook_endpoints")


def delete_endpoint(ctx: Context, _params: Params, identifier: str) -> Object:
    """DELETE /v1/webhook_endpoints/:id."""
    ctx.store.get("webhook_endpoint", identifier)
    ctx.store.remove("webhook_endpoint", identifier)
    tell_deliverer(ctx)
    return {"id": identifier, "object": "webhook_endpoint", "deleted": True}


def add_endpoint(ctx: Context, url: str, secret: str, enabled_events: list[str]) -> Object:
    """Send events to `url` from now on."""
    made: Object = {
        "id": ids.make("webhook_endpoint"),
        "object": "webhook_endpoint",
        "api_version": API_VERSION,
        "application": None,
        "created": ctx.now(),
        "description": None,
        "enabled_events": list(enabled_events),
        "livemode": False,
        "metadata": {},
        "status": "enabled",
        "url": url,
    }
    ctx.store.add(made, secret=secret)
    tell_deliverer(ctx)
    return made


def tell_deliverer(ctx: Context) -> None:
    """Give the deliverer the endpoints that are stored now."""
    ctx.deliverer.endpoints = [
        _address(entry, ctx.store.hidden(entry["id"])) for entry in ctx.store.all("webhook_endpoint")
    ]


def _address(entry: Object, hidden: Object) -> Endpoint:
    return Endpoint(entry["url"], hidden["secret"], tuple(entry["enabled_events"]), hidden.get("connect", False))


def _oldest(ctx: Context) -> int:
    return ctx.now() - ctx.settings.events_kept_s
