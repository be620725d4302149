"""Stripe's form encoding: `line_items[0][price_data][currency]=usd` to nested dicts and lists."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sandbox.errors import invalid

DEPTH_MAX = 12
FORM_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
FORM_PART = re.compile(r"\[([^\[\]]*)\]")


def decode(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Nested dicts and lists of strings from decoded form or query pairs, in the order sent.

    `a[0]=x&a[1]=y` and `a[]=x&a[]=y` are lists; index gaps keep a dict of digits, which `params.validate`
    sorts into a list where a list is wanted. A repeated name keeps the last value. A name that is not well
    formed (`a[b`) is kept as it is, so that validation calls it unknown. Raises 400 when one name is both a
    value and a group.
    """
    root: dict[str, Any] = {}
    for name, value in pairs:
        _place(root, _path(name), name, value)
    return {key: _lists(value) for key, value in root.items()}


def _path(name: str) -> list[str]:
    match = FORM_KEY.fullmatch(name)
    if match is None:
        return [name]
    path = [match[1], *FORM_PART.findall(match[2])]
    if len(path) > DEPTH_MAX:
        raise invalid(f"Invalid request: {name[:100]} is nested too deeply.", param=path[0])
    return path


def _place(root: dict[str, Any], path: list[str], name: str, value: str) -> None:
    node = root
    for part in path[:-1]:
        child = node.setdefault(_key(node, part), {})
        if not isinstance(child, dict):
            raise _mixed(name, path)
        node = child
    last = _key(node, path[-1])
    if isinstance(node.get(last), dict):
        raise _mixed(name, path)
    node[last] = value


def _key(node: dict[str, Any], part: str) -> str:
    return part if part else str(len(node))


def _mixed(name: str, path: list[str]) -> Exception:
    return invalid(f"Invalid request: {name} is sent both as a value and as an object.", param=path[0])


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    children = {key: _lists(child) for key, child in value.items()}
    indexes = [str(position) for position in range(len(children))]
    return [children[index] for index in indexes] if children.keys() == set(indexes) else children
