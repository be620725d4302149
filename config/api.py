"""How the API answers errors: a machine-readable code beside the words, and the field where there is one."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler


def answer_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's answer reshaped as {"error": {"code", "message", "fields"}}; None lets a real fault surface."""
    response = exception_handler(error, context)
    if response is None:
        return None
    code = "not_found" if response.status_code == 404 else "error"
    fields: Any = {}
    message = "The request could not be answered."
    if isinstance(error, ValidationError):
        code, message, fields = "invalid", "Some fields need another value.", response.data
    elif isinstance(error, APIException):
        codes = error.get_codes()
        code = codes if isinstance(codes, str) else code
        message = str(error.detail)
    elif code == "not_found":
        message = "There is nothing at this address."
    response.data = {"error": {"code": code, "message": message, "fields": fields}}
    return response
