"""API requests that go wrong: late, lost before or after the work, cut short, or refused by Stripe's side."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

from flask import Response

from sandbox.context import ApiRequest, Context
from sandbox.errors import StripeError
from sandbox.faults.plan import Rule

TYPES = {402: "card_error"}
WORDS = "An error occurred while processing your request. It was injected by the sandbox's plan of faults."
NOT_APPLIED = ("status", "key_in_use", "lock_timeout", "rate_limited")
CODED = {
    "key_in_use": (
        409,
        "idempotency_key_in_use",
        "There is currently another in-progress request using this Idempotency Key. "
        "Either wait for it to finish, or use a different key.",
    ),
    "lock_timeout": (
        429,
        "lock_timeout",
        "This object cannot be accessed right now because another API request or Stripe process is currently "
        "accessing it. If you see this error intermittently, retry the request.",
    ),
    "rate_limited": (429, "rate_limit", "Request rate limit exceeded. Learn more about rate limits."),
}


class ResetConnection(ConnectionResetError):
    """Raised while an answer is written: the server resets the connection instead (see `server._Handler`)."""


def begin(ctx: Context, cause: ApiRequest, method: str, path: str) -> Rule | None:
    """Draw for a request that has just arrived and wait out its delays; returns what else will go wrong with it."""
    drawn = ctx.faults.for_request(method, path, cause.idempotency_key)
    for rule in drawn:
        ctx.faults.count(
            "api",
            rule.fault,
            ctx.now(),
            rule=rule.name,
            method=method,
            path=path,
            request=cause.id,
            idempotency_key=cause.idempotency_key,
        )
        if rule.fault == "delay":
            time.sleep(rule["delay_s"])
    return drawn[-1] if drawn and drawn[-1].fault != "delay" else None


def before_the_work(rule: Rule | None) -> None:
    """Raise what keeps the request from being carried out; nothing is kept under its key."""
    if rule is None:
        return
    if rule.fault == "reset":
        raise ResetConnection
    if rule.fault in NOT_APPLIED and not rule["applied"]:
        raise _refusal(rule)


def kept_failure(rule: Rule | None) -> StripeError | None:
    """The 500 that takes the place of the answer and is kept under the key."""
    return StripeError(500, "api_error", message=WORDS) if rule is not None and rule.fault == "sticky_500" else None


def does_the_work(rule: Rule | None) -> bool:
    """Whether the handler runs at all."""
    return rule is None or rule.fault != "sticky_500" or bool(rule["applied"])


def on_the_wire(rule: Rule | None, response: Response) -> Response:
    """The answer as it leaves: whole, cut short, or not at all."""
    if rule is None:
        return response
    if rule["should_retry"] is not None:
        response.headers["Stripe-Should-Retry"] = "true" if rule["should_retry"] else "false"
    if rule.fault == "applied_then_dropped":
        return reset()
    if rule.fault == "status" and rule["applied"]:
        refusal = _refusal(rule)
        response.status_code = refusal.status
        response.set_data(json.dumps(refusal.body(), indent=2))
    if rule.fault == "cut_body":
        whole = response.get_data()
        kept = whole[: rule["keep_bytes"]]
        response.response = [kept]
        response.headers["Content-Length"] = str(len(whole if rule["length"] == "full" else kept))
    return response


def reset() -> Response:
    """An answer that resets the connection as soon as it is written."""
    return Response(_broken(), content_type="application/json")


def _broken() -> Iterator[bytes]:
    raise ResetConnection
    yield b""


def _refusal(rule: Rule) -> StripeError:
    if rule.fault in CODED:
        status, code, words = CODED[rule.fault]
        return StripeError(status, "invalid_request_error", code, message=words)
    status = rule["status"]
    kind = rule["type"] or TYPES.get(status, "api_error" if status >= 500 else "invalid_request_error")
    return StripeError(status, kind, rule["code"], message=rule["message"] or WORDS, decline_code=rule["decline_code"])
