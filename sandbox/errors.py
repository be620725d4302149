"""A refusal, in the shape in which Stripe answers it."""

from __future__ import annotations

from typing import Any

DOC_ROOT = "https://docs.stripe.com/error-codes#"


class StripeError(Exception):
    """Raise anywhere below the request pipeline; the pipeline answers `.body()` with `.status`.

    `http_status`: 400 invalid request or idempotency error, 401 key, 402 card, 404 missing, 409 conflict,
    429, 5xx. `type`: invalid_request_error, card_error, idempotency_error or api_error. `param`: the form
    name of the offending field, `line_items[0][quantity]`. `extra`: what some errors carry beside these.
    """

    def __init__(
        self,
        http_status: int,
        type: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        *,
        message: str = "",
        decline_code: str | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = http_status
        self.type = type
        self.code = code
        self.param = param
        self.message = message
        self.decline_code = decline_code
        self.extra = dict(extra or {})

    def body(self) -> dict[str, Any]:
        """{"error": {...}} ready for JSON; what does not apply is left out, as Stripe does."""
        error: dict[str, Any] = {"message": self.message, "request_log_url": None, "type": self.type}
        if self.code is not None:
            error["code"] = self.code
            error["doc_url"] = DOC_ROOT + self.code.replace("_", "-")
        if self.param is not None:
            error["param"] = self.param
        if self.decline_code is not None:
            error["decline_code"] = self.decline_code
        return {"error": error | self.extra}


def invalid(message: str, *, param: str | None = None, code: str | None = None) -> StripeError:
    """A 400 invalid_request_error."""
    return StripeError(400, "invalid_request_error", code, param, message=message)


def missing(param: str) -> StripeError:
    """A required parameter that was not sent."""
    return invalid(f"Missing required param: {param}.", param=param, code="parameter_missing")


def exclusive(*params: str) -> StripeError:
    """Parameters that may not be sent together; `param` names the first."""
    names = ", ".join(params)
    return invalid(
        f"You may only specify one of these parameters: {names}.",
        param=params[0],
        code="parameters_exclusive",
    )


def no_such(noun: str, object_id: str, *, param: str = "id") -> StripeError:
    """404 for an id that is not in the store: `no_such("checkout.session", "cs_test_1", param="session")`."""
    message = f"No such {noun}: '{object_id}'"
    return StripeError(404, "invalid_request_error", "resource_missing", param, message=message)
