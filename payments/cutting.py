"""What may stay of a body or of a call's parameters when they have served: ids, amounts, currencies and a hash.

Whatever a person typed is left out, and so is what would let anybody pay or see again: no metadata, no names or
addresses, no text at all but Stripe's own ids and the fixed words of its types (DESIGN.md section 1.14).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any, Final

_WORDS: Final = ("object", "type", "currency", "mode", "status")
_FIXED_WORD: Final = re.compile(r"[a-z0-9_.]{1,60}")
_OBJECT_ID: Final = re.compile(r"[a-z]{2,12}_(?:test_|live_)?[A-Za-z0-9]{1,200}")
_AMOUNT: Final = re.compile(r"amount|(?:^|_)(?:fee|net|total|subtotal|tax|quantity)(?:$|_)")
_TYPED_IN: Final = re.compile(
    r"metadata|details|address|shipping|custom|description|name|email|phone|card|message|text"
)
_REFERENCES: Final = (
    *("account", "attempt", "balance_transaction", "charge", "checkout_session", "customer", "destination", "dispute"),
    *("failure_balance_transaction", "id", "invoice", "latest_charge", "original_payout", "payment", "payment_intent"),
    *("payment_method", "payout", "price", "product", "refund", "setup_intent", "source", "source_transaction"),
    *("subscription", "subscription_item", "transfer", "transfer_group"),
)


def cut_text(body: str) -> str:
    """The JSON text of what may stay of a body, with its hash; what is no JSON leaves its hash alone."""
    try:
        kept = _cut(json.loads(body))
    except (ValueError, RecursionError):
        kept = None
    return json.dumps({"sha256": hashlib.sha256(body.encode()).hexdigest(), "kept": kept}, separators=(",", ":"))


def cut_params(params: dict[str, Any]) -> dict[str, Any]:
    """The same for the parameters of a call."""
    text = json.dumps(params, sort_keys=True, separators=(",", ":"))
    return {"sha256": hashlib.sha256(text.encode()).hexdigest(), "kept": _cut(params)}


def kept_of(body: str) -> dict[str, int | str]:
    """What may be shown of a body, cut already or not: {"data.object.amount": 5186}; empty when it is no JSON."""
    try:
        thing = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    kept = thing["kept"] if isinstance(thing, dict) and thing.keys() == {"sha256", "kept"} else _cut(thing)
    return dict(_flat(kept))


def _flat(thing: Any, path: str = "") -> Iterator[tuple[str, int | str]]:
    parts = thing.items() if isinstance(thing, dict) else enumerate(thing) if isinstance(thing, list) else ()
    for name, value in parts:
        if isinstance(value, dict | list):
            yield from _flat(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def _cut(thing: Any) -> Any:
    """The same shape with only what may stay; None where nothing of it may."""
    if isinstance(thing, dict):
        kept = {name: _part(name, value) for name, value in thing.items()}
        return {name: value for name, value in kept.items() if value is not None} or None
    if isinstance(thing, list):
        return [part for part in map(_cut, thing) if part is not None] or None
    return None


def _part(name: str, value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return value if _AMOUNT.search(name) else None
    if isinstance(value, str):
        shape = _FIXED_WORD if name in _WORDS else _OBJECT_ID if name in _REFERENCES else None
        return value if shape is not None and shape.fullmatch(value) else None
    return None if _TYPED_IN.search(name) and name not in _REFERENCES else _cut(value)
