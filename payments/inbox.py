"""The webhook's gate: what may come in at all. Nothing here touches the database or the network."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import stripe

from payments.readers.words import moment

BODY_MAX_BYTES = 256 * 1024
AGE_MAX_S = 300
_ID = re.compile(r"evt_[A-Za-z0-9_]{1,200}")
_TYPE = re.compile(r"[a-z0-9_.]{1,100}")
_WORD = re.compile(r"[A-Za-z0-9_.:-]{1,255}")


class Refused(Exception):
    """Not an event of Stripe's for us: answered with 400, and nothing of it is kept. `str(error)` says why."""


class BadSignature(Refused):
    """Signed by none of our secrets, or not now."""


@dataclass(frozen=True, kw_only=True)
class SignedEvent:
    """As much of an event as is read before the object itself is looked up."""

    event_id: str
    type: str
    api_version: str
    livemode: bool
    account: str
    object_id: str
    created_at: datetime
    body: str


def open_envelope(body: bytes, signature: str, *, secrets: Sequence[str], livemode: bool) -> SignedEvent:
    """Check the signature (any of our secrets), its age both ways, and the shape; raises Refused, BadSignature.

    The library refuses what is older than 300 s and takes what is dated tomorrow, so the future is our own check.
    """
    _verify(body, signature, secrets)
    return _read(body, livemode)


def read_listed(event: dict[str, Any], *, livemode: bool) -> SignedEvent:
    """An event that we asked Stripe for ourselves: no signature, the same shape; raises Refused."""
    return _event(event, json.dumps(event, separators=(",", ":"), default=str).encode(), livemode)


def _verify(body: bytes, signature: str, secrets: Sequence[str]) -> None:
    if not any(_fits(body, signature, secret) for secret in secrets):
        raise BadSignature("the signature is missing, wrong or too old")
    if _dated(signature) > time.time() + AGE_MAX_S:
        raise BadSignature("the signature is dated in the future")


def _fits(body: bytes, signature: str, secret: str) -> bool:
    try:
        stripe.WebhookSignature.verify_header(body, signature, secret, tolerance=AGE_MAX_S)
    except (stripe.SignatureVerificationError, TypeError, ValueError):  # not UTF-8, not ASCII: not Stripe's
        return False
    return True


def _dated(signature: str) -> int:
    """The timestamp that was verified: the first one, as the library reads the header."""
    return next(int(part[2:]) for part in signature.split(",") if part.startswith("t="))


def _read(body: bytes, livemode: bool) -> SignedEvent:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused("the body is not JSON") from error
    return _event(event, body, livemode)


def _event(event: Any, body: bytes, livemode: bool) -> SignedEvent:
    if not isinstance(event, dict) or event.get("object") != "event":
        raise Refused("not a snapshot event (thin events belong to another endpoint)")
    if event.get("livemode") is not livemode:
        raise Refused("an event of the other mode (live or test)")
    try:
        return SignedEvent(
            event_id=_matching(_ID, event["id"]),
            type=_matching(_TYPE, event["type"]),
            api_version=_matching(_WORD, event.get("api_version") or "none"),
            livemode=livemode,
            account=_matching(_WORD, event["account"]) if event.get("account") else "",
            object_id=_object_id(dict(event["data"]["object"])),
            created_at=moment(event["created"]),
            body=body.decode(),
        )
    except (KeyError, TypeError, ValueError, OverflowError, OSError) as error:
        raise Refused("the event lacks its id, type, date or object") from error


def _object_id(thing: Any) -> str:
    """Some objects have no id (a balance): then there is nothing to look up."""
    return _matching(_WORD, thing["id"]) if "id" in thing else ""


def _matching(shape: re.Pattern[str], value: str) -> str:
    if not shape.fullmatch(value):
        raise ValueError(value[:40])
    return value
