"""Lists as Stripe pages them: newest first, a limit, a cursor on either side, filters by creation time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.context import Context
from sandbox.errors import no_such
from sandbox.objects import Object, listed

LIMIT = 10
COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
}


def page(
    ctx: Context,
    object_name: str,
    params: dict[str, Any],
    url: str,
    keep: Callable[[Object], bool] = lambda _: True,
) -> Object:
    """One page of the stored objects that `keep` accepts and `params["created"]` covers."""
    chosen = [
        entry
        for entry in ctx.store.newest(object_name)
        if not entry.get("deleted") and within(entry["created"], params.get("created")) and keep(entry)
    ]
    return cut(chosen, params, url, object_name)


def cut(entries: list[Object], params: dict[str, Any], url: str, noun: str) -> Object:
    """One page of `entries` in their order; 404 for a cursor that is not among them."""
    limit = params.get("limit", LIMIT)
    if "ending_before" in params:
        end = _position(entries, params["ending_before"], "ending_before", noun)
        start = max(end - limit, 0)
        return listed(entries[start:end], url, has_more=start > 0)
    start = 0
    if "starting_after" in params:
        start = _position(entries, params["starting_after"], "starting_after", noun) + 1
    return listed(entries[start : start + limit], url, has_more=start + limit < len(entries))


def within(created: int, bounds: Any) -> bool:
    """Whether a moment fits a `created` filter: a second, or {gt, gte, lt, lte}."""
    if bounds is None:
        return True
    if isinstance(bounds, int):
        return created == bounds
    return all(COMPARISONS[name](created, bound) for name, bound in bounds.items())


def equals(params: dict[str, Any], **fields: str) -> Callable[[Object], bool]:
    """A filter: each parameter named in `fields`, where it was sent, equals the object's field of that name."""
    wanted = {field: params[name] for name, field in fields.items() if name in params}
    return lambda entry: all(entry[field] == value for field, value in wanted.items())


def _position(entries: list[Object], identifier: str, param: str, noun: str) -> int:
    for position, entry in enumerate(entries):
        if entry["id"] == identifier:
            return position
    raise no_such(noun, identifier, param=param)
