"""The Flask app and the API's request pipeline: key, version, endpoint, idempotency, parameters, handler, answer."""

from __future__ import annotations

import base64
import binascii
import json
import logging
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from flask import Flask, Response, request

from sandbox import control, expand, form, idempotency, ids, json_body, pages, params, rules
from sandbox.context import CURRENT_REQUEST, ApiRequest, Context
from sandbox.endpoints import Endpoint, match
from sandbox.errors import StripeError, invalid
from sandbox.faults import api as api_faults
from sandbox.faults import door
from sandbox.faults.plan import Rule
from sandbox.settings import API_VERSION

log = logging.getLogger("sandbox.api")

KEY_PREFIX = "sk_test_"
OF_ACCOUNTS = ("balance", "balance_transactions", "charges", "events", "payouts", "refunds")
"""What can be asked for in the books of a connected account, by the `Stripe-Account` header."""


@dataclass(frozen=True)
class Answer:
    """What goes over the wire; `replayed` answers name the request they first belonged to."""

    status: int
    body: str
    original_request: str | None = None


def create_app(ctx: Context) -> Flask:
    """API under /v1 and /v2, control door under /_sandbox, pages for people everywhere else."""
    app = Flask(__name__, static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]

    @app.route("/v2/<path:_rest>", methods=["GET", "POST", "DELETE"])
    @app.route("/v1/<path:_rest>", methods=["GET", "POST", "DELETE", "PUT", "PATCH"])
    def api(_rest: str) -> Response:
        key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
        cause = ApiRequest("req_" + ids.token(14), key or None)
        token = CURRENT_REQUEST.set(cause)
        body = request.get_data()
        fault = api_faults.begin(ctx, cause, request.method, request.path)
        try:
            api_faults.before_the_work(fault)
            answer = _answer(ctx, cause, body, fault)
        except api_faults.ResetConnection:
            return api_faults.reset()
        except StripeError as refusal:
            answer = Answer(refusal.status, _json(refusal.body()))
        finally:
            CURRENT_REQUEST.reset(token)
        return api_faults.on_the_wire(fault, _response(answer, cause))

    control.register(app, ctx)
    door.register(app, ctx)
    pages.register(app, ctx)
    return app


def _answer(ctx: Context, cause: ApiRequest, body: bytes, fault: Rule | None) -> Answer:
    _authenticate()
    _check_version()
    endpoint, path_ids = match(request.method, request.path)
    by_json = request.path.startswith("/v2/") and request.method == "POST"
    raw = json_body.decode(body) if by_json else form.decode(_pairs(body))
    ctx = _books(ctx, endpoint)
    if cause.idempotency_key is None:
        return _run(ctx, endpoint, _checked(ctx, endpoint, raw), path_ids, fault)
    key = f"{ctx.account}/{cause.idempotency_key}" if ctx.account else cause.idempotency_key
    fingerprint = idempotency.fingerprint(request.method, request.path, raw)
    kept = ctx.keys.begin(key, fingerprint, ctx.now())
    if kept is not None:
        return Answer(kept.status, kept.body, original_request=kept.request_id)
    to_keep = None
    try:
        answer = _run(ctx, endpoint, _checked(ctx, endpoint, raw), path_ids, fault)
        to_keep = idempotency.Kept(fingerprint, answer.status, answer.body, cause.id, ctx.now())
        return answer
    finally:
        ctx.keys.end(key, to_keep)


def _authenticate() -> None:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            value = base64.b64decode(value).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            value = ""
    if not value:
        raise StripeError(
            401,
            "invalid_request_error",
            message="You did not provide an API key. You need to provide your API key in the Authorization header, "
            "using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
        )
    if not value.startswith(KEY_PREFIX) or value == KEY_PREFIX:
        shown = f"{value[:8]}{'*' * 8}{value[-4:]}" if len(value) > 12 else "*" * len(value)
        raise StripeError(401, "invalid_request_error", message=f"Invalid API Key provided: {shown}")


def _books(ctx: Context, endpoint: Endpoint) -> Context:
    """Whose books the request is about: the platform's, or those of the connected account that a header names."""
    account_id = request.headers.get("Stripe-Account")
    if not account_id:
        return ctx
    with ctx.store.lock:
        account = ctx.store.find(account_id)
    if account is None or account["object"] != "account" or account.get("deleted"):
        raise StripeError(
            403,
            "invalid_request_error",
            "account_invalid",
            message=f"The provided key does not have access to account '{account_id}' (or that account does not exist)."
            " Application access may have been revoked.",
        )
    if endpoint.name.rpartition(".")[0] not in OF_ACCOUNTS:
        raise StripeError(
            400,
            "invalid_request_error",
            "sandbox_unsupported",
            message=f"The sandbox does not simulate {endpoint.name} for connected accounts. Stripe itself would.",
        )
    return ctx.of(account_id)


def _check_version() -> None:
    version = request.headers.get("Stripe-Version", API_VERSION)
    if version != API_VERSION:
        raise invalid(
            f"Invalid Stripe API version: {version}. The sandbox speaks {API_VERSION} only: pin your SDK to it.",
            param="Stripe-Version",
        )


def _pairs(body: bytes) -> list[tuple[str, str]]:
    """Query and form together, as text; bytes that are not UTF-8 are refused."""
    try:
        texts = (request.query_string.decode(), body.decode())
        return [pair for text in texts for pair in parse_qsl(text, keep_blank_values=True, errors="strict")]
    except ValueError:
        raise invalid("Invalid request: the parameters are not UTF-8 form data.") from None


def _checked(ctx: Context, endpoint: Endpoint, raw: dict[str, Any]) -> dict[str, Any]:
    """Validated parameters; a refusal here comes before the request has begun, so no key remembers it."""
    checked = params.validate(endpoint.params_type, raw)
    expand.check(endpoint.object_name, checked.get("expand", []), in_list=endpoint.is_list)
    with ctx.store.lock:
        rules.check(endpoint.name, checked, ctx.now(), lambda price: ctx.store.objects.get("price", {}).get(price))
    return checked


def _run(
    ctx: Context, endpoint: Endpoint, checked: dict[str, Any], path_ids: tuple[str, ...], fault: Rule | None
) -> Answer:
    """The handler's answer, or the failure that a fault puts in its place: either is kept under the key."""
    done = _done(ctx, endpoint, checked, path_ids) if api_faults.does_the_work(fault) else None
    failure = api_faults.kept_failure(fault)
    if failure is not None:
        return Answer(failure.status, _json(failure.body()))
    assert done is not None, "only a kept failure stands in for the work"
    return done


def _done(ctx: Context, endpoint: Endpoint, checked: dict[str, Any], path_ids: tuple[str, ...]) -> Answer:
    try:
        with ctx.store.lock:
            result = endpoint.answer(ctx, checked, path_ids)
            return Answer(200, _json(expand.apply(ctx, result, checked.get("expand", []))))
    except StripeError as refusal:
        return Answer(refusal.status, _json(refusal.body()))
    except Exception:
        log.exception("%s failed", endpoint.name)
        broken = StripeError(500, "api_error", message="The sandbox failed; its log says why.")
        return Answer(500, _json(broken.body()))


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2)


def _response(answer: Answer, cause: ApiRequest) -> Response:
    response = Response(answer.body, answer.status, content_type="application/json")
    response.headers["Request-Id"] = cause.id
    response.headers["Stripe-Version"] = API_VERSION
    if cause.idempotency_key is not None:
        response.headers["Idempotency-Key"] = cause.idempotency_key
        response.headers["Original-Request"] = answer.original_request or cause.id
    if answer.original_request is not None:
        response.headers["Idempotent-Replayed"] = "true"
    return response
