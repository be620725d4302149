"""The JSON bodies of /v2, as the strings that the checks of parameters read."""

from __future__ import annotations

import json
from typing import Any

from sandbox.errors import invalid


def decode(body: bytes) -> dict[str, Any]:
    """Nested dicts and lists of strings from a JSON object; null asks to remove, like an empty string in a form."""
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        raise invalid("Invalid request: the body is not JSON.") from None
    if not isinstance(found, dict):
        raise invalid("Invalid request: the body is not a JSON object.")
    return {name: _text(value) for name, value in found.items()}


def _text(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _text(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_text(inner) for inner in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
