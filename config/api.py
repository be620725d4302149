"""How the API answers errors: a machine-readable code beside the words, and the field where there is one."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.defaults import page_not_found, server_error
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

PREFIX = "/api/"
NOTHING_HERE = "There is nothing at this address."
ERROR_SCHEMAS = {
    "Error": {
        "type": "object",
        "description": "Every answer that is not a success.",
        "properties": {"error": {"allOf": [{"$ref": "#/components/schemas/Trouble"}]}},
        "required": ["error"],
    },
    "Trouble": {
        "type": "object",
        "properties": {
            "code": {"type": "string", "description": "For programs, such as not_found or invalid."},
            "message": {"type": "string", "description": "For people."},
            "fields": {
                "type": "object",
                "additionalProperties": {"type": "array", "items": {"type": "string"}},
                "description": "What is wrong with each named field; empty when no field is to blame.",
            },
        },
        "required": ["code", "message", "fields"],
    },
}


def answer_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's answer reshaped as {"error": {"code", "message", "fields"}}; None lets a real fault surface."""
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, ValidationError):
        response.data = _body("invalid", "Some fields need another value.", _fields(response.data))
    elif isinstance(error, Http404):
        response.data = _body("not_found", NOTHING_HERE)
    elif isinstance(error, PermissionDenied):
        response.data = _body("permission_denied", "You may not do this.")
    elif isinstance(error, APIException):
        code = error.get_codes()
        response.data = _body(code if isinstance(code, str) else "error", str(error.detail))
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """An address that leads nowhere: in the API's shape below /api/, as a page elsewhere."""
    if request.path.startswith(PREFIX):
        return JsonResponse(_body("not_found", NOTHING_HERE), status=404)
    return page_not_found(request, exception)


def fault(request: HttpRequest) -> HttpResponse:
    """A fault of ours: in the API's shape below /api/, as a page elsewhere."""
    if request.path.startswith(PREFIX):
        return JsonResponse(_body("fault", "This is our fault; it has been written down. Try again later."), status=500)
    return server_error(request)


def name_errors(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """drf-spectacular's hook: every operation may answer with the error shape."""
    result["components"]["schemas"] |= ERROR_SCHEMAS
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    for methods in result["paths"].values():
        for operation in methods.values():
            operation["responses"]["4XX"] = {"description": "What was wrong with the request.", "content": content}
    return result


def _body(code: str, message: str, fields: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "fields": fields or {}}}


def _fields(data: Any) -> dict[str, Any]:
    return data if isinstance(data, dict) else {"non_field_errors": data}
